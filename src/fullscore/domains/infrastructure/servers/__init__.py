"""Hosts by their own word: facts, packages, units, accounts, settings."""
