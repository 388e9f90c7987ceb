"""AWS, read only: what an account has in each region, through its public programming interface."""
