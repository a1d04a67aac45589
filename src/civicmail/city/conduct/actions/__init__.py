"""Every write of this room: a verb, one transaction, its entry inside."""
