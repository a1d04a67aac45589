"""Verbs of the records desk: every write, with its entry (P-21)."""
