"""Quarantine, approvals of outgoing files, compromised accounts, sender verification and the pick-up portal.

Each decision of a person becomes a record of the archive.
"""
