"""Questions about changes that more than one place asks."""
