"""Acts on rules and emergency rules, each defined once."""
