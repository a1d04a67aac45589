"""The first steps of an installation, as a page."""
