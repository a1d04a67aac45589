"""The API: what pages do, for programs (`/api/v1/`; docs/operate/api.md).

An operation is a page without its words: it asks the guard for the same act and calls the same verb or query. What it may do at
all is said by the scopes of the token (city/access/scopes.py); what it may do to this thing by the guard.
"""
