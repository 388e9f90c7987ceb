"""Who is on call, and a page that is never lost.

Nouns: Schedule, Layer, Turn, DutyCalendar, CalendarDuty, Override, Shift, Swap, Absence;
ContactChannel, ContactRule; EscalationPolicy, EscalationStep, EscalationRoute; Run, Timer, Page,
Attempt, RunEvent.
Verbs: override, ask_swap, accept, withdraw; add_channel, confirm, test; start, acknowledge, snooze,
reassign, add_responder, escalate, stop.
"""
