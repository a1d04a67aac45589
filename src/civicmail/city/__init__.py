"""Who the city is, and by which rules it works."""
