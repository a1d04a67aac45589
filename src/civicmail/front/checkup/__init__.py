"""What `civicmail doctor` and the page of health look at (docs/decisions/0029)."""
