"""Brightwater, a logistics firm that does not exist: something to look at, and something to be
measured by."""
