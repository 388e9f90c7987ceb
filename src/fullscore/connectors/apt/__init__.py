"""Debian's packages on a host: simulated, kept, updated, put back. Texts out, texts in."""
