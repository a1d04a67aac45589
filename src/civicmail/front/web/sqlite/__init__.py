"""SQLite as Django has it, with another way to wait for one's turn to write."""
