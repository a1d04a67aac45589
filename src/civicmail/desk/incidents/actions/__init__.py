"""Every write of this room: report, answer, remove."""
