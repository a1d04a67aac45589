"""Pages of the records desk."""
