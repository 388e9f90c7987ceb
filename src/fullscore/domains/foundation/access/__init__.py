"""Accounts, roles granted per team or site, sign-in links and API tokens."""
