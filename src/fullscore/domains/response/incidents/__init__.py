"""Alerts in from whatever watches, and incidents made of them: one cause, one incident.

Nouns: AlertSource, Receipt, Alert, AlertEvent, Silence, Incident, TimelineEntry,
IncidentRole, IncidentTask, ChecklistStep.
Verbs: receive, acknowledge, resolve, reopen, note, assign, merge, split; silence; replay;
start_role, add_task, finish, hand.
"""
