"""From the estate to what a plan is made of."""
