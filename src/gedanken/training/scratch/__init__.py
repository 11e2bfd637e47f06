"""A small decoder trained from nothing on the contacts of the rigid world and their impulses."""
