"""What Sentry says about issues and metric alerts."""
