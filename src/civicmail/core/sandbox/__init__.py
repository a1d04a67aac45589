"""Limited processes, and the text of attachments that is read in them."""
