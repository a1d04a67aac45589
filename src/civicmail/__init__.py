"""Civicmail: heard, kept, delivered, found, proven. docs/flow.md tells one message's life in the names of these folders."""
