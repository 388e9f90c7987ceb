"""What Alertmanager, and whatever speaks to one, says about alerts."""
