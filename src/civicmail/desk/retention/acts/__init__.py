"""Acts of the retention desk, each defined once (city/pages/act.py)."""
