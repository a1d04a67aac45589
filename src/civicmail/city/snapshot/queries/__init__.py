"""Reads that other rooms make."""
