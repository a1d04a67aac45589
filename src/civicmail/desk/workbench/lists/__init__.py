"""Lists of the workbench, each defined once (city/pages/lists.py)."""
