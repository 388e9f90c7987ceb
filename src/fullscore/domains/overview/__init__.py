"""The ranked queue and the sample company."""
