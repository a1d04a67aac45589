"""Tags of the templates that show a message: `{% load viewer %}`."""
