"""Decide who may do what: permissions, resources, rules, permits, and the entry of every act (P-16, P-17)."""
