"""Messages of syslog: heard over UDP, TCP and TLS, and read."""
