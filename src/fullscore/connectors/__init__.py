"""Talking to the outside: one folder per technology. Knows no tables."""
