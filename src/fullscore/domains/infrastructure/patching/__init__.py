"""Patching: every server brought to its baseline, wave by wave, without ever taking a service
below what it needs.

Nouns: patch baseline, package hold, patch ring, patch window, urgency, patch campaign, patch wave,
server run, patch step, spare lease, accepted outage, patch access. Verbs: draft, plan, simulate,
accept an outage, propose, approve, start, pause, resume, skip, roll back, stop.
"""
