"""A host's own word: one file of plain Python that prints facts and samples, and its reader."""
