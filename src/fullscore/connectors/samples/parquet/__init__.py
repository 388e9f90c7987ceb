"""Samples in Parquet segments with a SQLite manifest: many processes of one host, no broker."""
