"""Altering the packages of Red Hat's family: what is asked of dnf 4, and what it answers."""
