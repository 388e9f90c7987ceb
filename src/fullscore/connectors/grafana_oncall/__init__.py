"""Schedules, chains and people of a Grafana OnCall, to be brought over."""
