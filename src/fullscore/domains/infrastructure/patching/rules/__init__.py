"""Pure rules: what is taken, when windows are open, how waves are made of them."""
