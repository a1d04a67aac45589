"""The search index: fields, documents, readers, coverage. All of it is derived and can be rebuilt from the archive."""
