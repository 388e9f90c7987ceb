"""Series and their samples: the store knows numbers, the database knows names, units and owners."""
