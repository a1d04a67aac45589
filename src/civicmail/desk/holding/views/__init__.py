"""Pages of held and quarantined mail, approvals and appeals."""
