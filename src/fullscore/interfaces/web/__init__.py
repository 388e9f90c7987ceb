"""Pages, derived from resources or built from the same blocks."""
