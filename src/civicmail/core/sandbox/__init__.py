"""One service of sandboxed processes with typed requests, and the extraction of text from attachments in them."""
