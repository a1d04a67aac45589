"""Pages of the retention desk."""
