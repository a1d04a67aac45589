"""SQLite backend of Django with another way to wait for the write lock."""
