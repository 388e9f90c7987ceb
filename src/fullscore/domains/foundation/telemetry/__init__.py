"""Series, samples and the local collector."""
