"""Writes of this room: reports, answers, removals."""
