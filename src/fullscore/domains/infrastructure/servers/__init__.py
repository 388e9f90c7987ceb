"""Every host by its own word.

What it is, what runs on it, who can log in, and what is wrong with it.
"""
