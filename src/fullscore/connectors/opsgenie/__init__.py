"""What is sent to the Opsgenie API."""
