"""How people and programs get in. Knows the kit, knows no domain."""
