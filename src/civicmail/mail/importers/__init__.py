"""Reading eml, Maildir, mbox and folders of them as occurrences, resumable and counted."""
