"""How the table of exports came to be, step by step."""
