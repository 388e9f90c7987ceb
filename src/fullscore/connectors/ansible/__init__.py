"""Playbooks played by ansible-runner: a process of its own, in a folder that goes with it."""
