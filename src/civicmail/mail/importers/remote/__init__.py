"""Import mail from other systems: IMAP, Microsoft Graph and the Gmail API behind one interface, resumable and counted."""
