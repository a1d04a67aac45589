"""The rule book, its second person and its emergencies; and watching those who look: who saw what, and why (P-16, P-17, P-29)."""
