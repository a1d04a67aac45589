"""Writes of the workbench: exports and holds, each with its entry."""
