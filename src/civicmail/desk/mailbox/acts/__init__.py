"""Acts on one's own mail, each defined once (city/access/act.py)."""
