"""Tables of the web room."""
