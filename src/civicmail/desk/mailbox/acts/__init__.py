"""Acts on one's own mail, each defined once (city/pages/act.py)."""
