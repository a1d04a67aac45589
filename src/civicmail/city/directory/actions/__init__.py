"""Rows of the directory and their rules. The verbs in city/identity check who may, write the audit entry, and call these inside."""
