"""Queries of the records desk."""
