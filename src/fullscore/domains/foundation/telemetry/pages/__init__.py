"""Pages of telemetry that are no lists."""
