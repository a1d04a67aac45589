"""The ground floor: things that know no city. Formats, parsers and proofs that would serve any mail archive."""
