"""The parts of the reference that have a module of their own."""
