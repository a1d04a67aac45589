"""How the tables of the rule book came to be, step by step."""
