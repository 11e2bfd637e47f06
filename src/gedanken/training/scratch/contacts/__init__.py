"""The lesson of the contacts of the rigid world and their impulses."""
