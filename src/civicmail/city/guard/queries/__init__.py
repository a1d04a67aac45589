"""Reads that other rooms and pages make."""
