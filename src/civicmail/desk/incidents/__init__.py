"""Reports of dangerous mail: one case for the same thing, one answer for everybody who reported it, and pulling it back (P-31)."""
