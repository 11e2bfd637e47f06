"""The lesson of laws: what equation made a trajectory, and how to change one that the simulator found wrong."""
