"""Derive released files from the words that survive redaction, and the gate that they pass. Knows no city."""
