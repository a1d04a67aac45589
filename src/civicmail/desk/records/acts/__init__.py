"""Acts of the records desk, each defined once (city/pages/act.py)."""
