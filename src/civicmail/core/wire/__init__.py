"""SMTP and LMTP as push parsers, client and server: bytes in, events and replies out. No sockets and no clock."""
