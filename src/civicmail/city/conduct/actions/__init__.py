"""Writes of this room: one verb, one transaction, with its audit entry inside."""
