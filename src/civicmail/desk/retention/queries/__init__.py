"""Queries of the retention desk."""
