"""How being on call is seen."""
