"""Tags and filters of every page: `{% load cm %}`."""
