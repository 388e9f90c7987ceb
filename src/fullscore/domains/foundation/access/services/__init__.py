"""What can be done with accounts, roles, tokens and ways in: one module per noun."""
