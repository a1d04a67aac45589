"""Pages of this room; each checks the guard first. Shared parts of pages are in city/pages."""
