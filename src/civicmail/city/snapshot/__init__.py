"""Immutable snapshots of people, mailboxes and decisions, which gateways read without a database."""
