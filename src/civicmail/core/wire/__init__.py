"""SMTP and LMTP as push parsers, both sides: bytes in, events and replies out. No socket and no clock in here."""
