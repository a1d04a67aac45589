"""Acts of this room, each defined once (city/pages/act.py)."""
