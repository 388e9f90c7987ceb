"""What follows from figures alone."""
