"""Rows of reviews, violations and statements. Every write is a verb of `actions`."""
