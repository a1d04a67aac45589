"""Acts on reports and incidents, each defined once (city/access/act.py)."""
