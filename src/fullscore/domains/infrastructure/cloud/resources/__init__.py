"""How clouds and their costs are seen."""
