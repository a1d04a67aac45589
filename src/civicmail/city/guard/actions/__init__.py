"""Writes: each a verb with actor and reason, one transaction, its entry inside."""
