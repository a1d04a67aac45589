"""Template tags and filters: `{% load cm %}`."""
