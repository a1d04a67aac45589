"""Queries of oversight for other rooms, one module per subject."""
