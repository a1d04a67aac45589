"""Mail that others kept, taken in: files, archives, Outlook files, other systems' mailboxes; as occurrences, resumable, counted."""
