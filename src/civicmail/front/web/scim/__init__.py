"""SCIM 2.0 for identity providers at /scim/v2 (RFC 7643, RFC 7644)."""
