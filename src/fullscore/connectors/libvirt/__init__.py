"""Hypervisors through `virsh`, on this machine or over SSH: the Python binding has no wheel."""
