"""The search index: fields, documents, readers, coverage. Everything here can be thrown away and rebuilt from the archive."""
