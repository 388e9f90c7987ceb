"""Text messages by the gateways that Apprise knows."""
