"""Questions about clouds, as checks and pages ask them."""
