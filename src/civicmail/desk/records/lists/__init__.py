"""Lists of the records desk, each defined once (city/pages/lists.py)."""
