"""The retention desk: legal holds, retention schedules, and what is due by them (P-20, P-23)."""
