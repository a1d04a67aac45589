"""The operations, one module for each subject; each is in the table (api/table.py)."""
