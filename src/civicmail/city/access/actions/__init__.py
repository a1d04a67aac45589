"""Every write of this room: a verb with actor and reason, one transaction, its entry inside."""
