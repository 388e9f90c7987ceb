"""What every domain is built from. Small on purpose."""
