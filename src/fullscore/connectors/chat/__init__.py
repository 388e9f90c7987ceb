"""Messages to people's chat programs and webhooks."""
