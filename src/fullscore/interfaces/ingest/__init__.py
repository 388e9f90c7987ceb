"""Blocks for endpoints that programs send to."""
