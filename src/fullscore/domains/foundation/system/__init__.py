"""This installation itself: processes, jobs, dead letters, audit."""
