"""Who may do what at this moment: permits and the guard that alone can make them (P-16, P-17)."""
