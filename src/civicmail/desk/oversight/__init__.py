"""The rule set with its second person and emergency rules, and the review of content views (P-16, P-17, P-29)."""
