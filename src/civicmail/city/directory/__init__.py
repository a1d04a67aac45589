"""Who there is: departments, people and where they work, mailboxes, addresses, agencies, and the personnel lists that say so."""
