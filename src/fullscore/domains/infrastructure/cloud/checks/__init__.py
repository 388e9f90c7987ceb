"""What can be wrong with clouds and their bills."""
