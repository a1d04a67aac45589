"""Health checks for `civicmail doctor` and the health page (docs/decisions/0029)."""
