"""This installation itself: its processes, its folder, its dead letters, its audit chain."""
