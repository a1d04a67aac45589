"""Notices, the mail that the system sends: each is a row until the city worker sends it through the pipeline, once."""
