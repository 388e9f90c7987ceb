"""Patching: every server brought to its baseline, wave by wave, without ever taking a service
below what it needs.

Nouns: patch baseline, package hold, patch ring, patch window, urgency.
"""
