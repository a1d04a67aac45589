"""Writes of this room, one module per subject: rules, emergency rules, content views, reports."""
