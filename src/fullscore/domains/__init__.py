"""What the product is about, grouped as the manager's responsibilities are."""
