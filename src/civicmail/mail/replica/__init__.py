"""The second place: what is kept is kept there too, and an installation can be made from it alone."""
