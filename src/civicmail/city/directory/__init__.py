"""Departments, people and their employment, mailboxes, addresses, agencies, and the personnel lists that describe them."""
