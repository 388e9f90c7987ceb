"""What is sent to PagerDuty's Events API."""
