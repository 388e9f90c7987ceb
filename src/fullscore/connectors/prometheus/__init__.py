"""Prometheus: what its servers and agents send us."""
