"""Foundations that know nothing of a city: formats, parsers and proofs that would serve any mail archive."""
