"""Mail brought over from other systems' mailboxes behind one interface for all of them, resumable and counted."""
