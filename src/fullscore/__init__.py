"""Fullscore: every part of an organisation's technology on one page."""
