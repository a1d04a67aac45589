"""The path of a message, from the wire to the mailbox and to the index."""
