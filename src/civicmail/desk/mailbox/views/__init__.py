"""Pages of one's own mail: a module per page."""
