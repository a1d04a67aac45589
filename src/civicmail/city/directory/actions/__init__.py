"""Rows of the directory and their rules. City/access has the verbs: who may, and the entry of it; they call these inside."""
