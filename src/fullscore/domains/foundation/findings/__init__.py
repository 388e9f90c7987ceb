"""Whatever is wrong, in one life cycle.

Found, owned, due, excepted, fixed and verified with proof.
"""
