"""Questions about what is pending, and why not yet."""
