"""Every write of this room: reporting, answering, pulling back."""
