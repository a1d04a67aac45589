"""My mail: find, read, mark and write one's own mail, and follow its delivery."""
