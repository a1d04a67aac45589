"""Acts on examinations, their exports and their holds, each defined once."""
