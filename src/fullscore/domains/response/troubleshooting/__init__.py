"""What broke it, what changed before, and what is unusual.

Nouns: ranking, suspect, cause, watch, watched series, anomaly. Verbs: rank again, this was it,
watch, expected.
"""
