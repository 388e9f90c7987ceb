"""Blocks for endpoints that programs send to; they know no domain."""
