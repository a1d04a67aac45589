"""The API for programs (`/api/v1/`; docs/operate/api.md).

An operation is a page without its HTML: the same act, the same verb or query. The token's scopes limit what it may do at all
(city/identity/token_scopes.py); the guard decides about each object.
"""
