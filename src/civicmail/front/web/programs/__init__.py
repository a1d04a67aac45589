"""Set-up of mail programs and phones: files for programs, a page for people (P-06)."""
