"""The city's address book for mail programs and telephones: CardDAV, read only (RFC 6352; docs/decisions/0102)."""
