"""Acts on reports and incidents, each defined once (city/pages/act.py)."""
