"""Servers and what runs on them."""
