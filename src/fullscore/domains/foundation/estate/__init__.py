"""What exists, what depends on what, and who says so."""
