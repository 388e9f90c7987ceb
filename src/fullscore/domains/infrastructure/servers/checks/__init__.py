"""What can be wrong with a server. Pure: facts or figures in, verdicts out."""
