"""What rules keep back, and the people who let it go: the quarantine. What is decided stays a record of the archive."""
