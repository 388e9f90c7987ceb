"""Patching: every server brought to its baseline, wave by wave, without ever taking a service
below what it needs.

Nouns: patch baseline, package hold, patch ring, patch window, urgency, patch campaign, patch wave,
server run, accepted outage. Verbs: draft, plan, simulate, accept an outage, propose, approve, skip.
"""
