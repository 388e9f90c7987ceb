"""The same questions and verbs for assistants."""
