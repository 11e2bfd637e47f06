"""The lesson of collisions: whether and where two shapes touch."""
