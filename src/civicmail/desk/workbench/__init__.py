"""Examinations under a mandate: request, approve, search, read, hold and export, only within its scope (P-16, P-21)."""
