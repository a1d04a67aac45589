"""The retention desk: legal holds, retention schedules, what is due by them, and its disposal by two persons (P-20, P-23)."""
