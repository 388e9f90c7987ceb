"""Whatever is wrong, in one life cycle: found, owned, waived or fixed, proven closed."""
