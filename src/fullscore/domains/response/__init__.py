"""What happens when something breaks: alerts, incidents, who is called, and why it broke."""
