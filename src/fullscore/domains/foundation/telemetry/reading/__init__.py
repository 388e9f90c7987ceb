"""What thresholds read: series, their values, and what is told of them."""
