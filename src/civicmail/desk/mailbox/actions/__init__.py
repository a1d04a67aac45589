"""Writes of this room: drafts, sending, marks, labels, settings."""
