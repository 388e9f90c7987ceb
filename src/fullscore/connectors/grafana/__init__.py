"""What Grafana says about its alerts."""
