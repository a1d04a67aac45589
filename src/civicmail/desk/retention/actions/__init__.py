"""Verbs of the retention desk: every write, with its entry (P-20)."""
