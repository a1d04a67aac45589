"""Fields, indexes, coverage. Everything here can be thrown away and rebuilt from the archive."""
