"""The address book for mail programs and phones: CardDAV, read only (RFC 6352; docs/decisions/0102)."""
