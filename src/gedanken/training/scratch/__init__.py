"""A small decoder trained from nothing on the prior-coded text of the rigid world."""
