"""Cheats at `discover`: laws that copy the record, simpler laws, hedges, and texts that are no laws."""
