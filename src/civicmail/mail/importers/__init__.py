"""Mail that others kept, taken in: eml, Maildir, mbox, Outlook files and archives of any, as occurrences, resumable and counted."""
