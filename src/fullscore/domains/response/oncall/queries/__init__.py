"""Questions about who is on call, how people are reached, and what runs."""
