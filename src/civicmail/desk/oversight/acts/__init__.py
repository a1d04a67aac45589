"""What people and programs do to rules and emergency rules, each act defined once."""
