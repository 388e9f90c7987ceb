"""Calendars that other tools publish as iCalendar (RFC 5545): fetched, and read as events."""
