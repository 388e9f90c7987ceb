"""Pages of changes that are no list and no record."""
