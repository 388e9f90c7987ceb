"""What Datadog says about its monitors."""
