"""Every noun and verb as a command."""
