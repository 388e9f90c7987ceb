"""Who may come in, and what they may do and where.

Nouns: role (twelve frozen values), role grant, API token, sign-in link; the account itself is the
kit's `User`. Verbs: grant, end (a grant), add, change, deactivate (an account), issue, revoke (a
token), send (a link). `queries.reach` is the answer to every question of `kit.access`.
"""
