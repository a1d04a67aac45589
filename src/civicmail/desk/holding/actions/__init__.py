"""Every write of this room: letting a copy go, contesting and answering."""
