"""Setting up mail programs and phones without IT: what they are told, as files that they read and as a page for people (P-06)."""
