"""Accounts, authorizations, roles, examinations and personnel feeds: who may use mail, and until when (P-01 to P-09)."""
