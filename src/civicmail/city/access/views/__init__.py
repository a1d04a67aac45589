"""Pages of this room; each asks the guard first. What every page of every room needs is in asked.py, page.py and listing.py."""
