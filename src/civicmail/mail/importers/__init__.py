"""Import mail from files, archives, Outlook files and mailboxes of other systems: as occurrences, resumable, counted."""
