"""The cloud: what is rented there, how it stands together, what is wrong with it, what it costs.

Nouns: cloud account, cloud resource, cost export, cost period, cost row. Verbs: read, pause,
resume, reconcile.
"""
