"""Watching those who look: who saw what and why, and the weekly sample of reveals (P-16, P-17)."""
