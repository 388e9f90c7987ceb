"""Samples in ClickHouse, a server or a cluster of its own: for more than one host can hold."""
