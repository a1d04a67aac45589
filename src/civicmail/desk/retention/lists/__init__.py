"""Lists of the retention desk, each defined once (city/pages/lists.py)."""
