"""Sandboxed processes, and the extraction of text from attachments in them."""
