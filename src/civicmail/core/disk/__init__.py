"""What survives a power cut: the file port, framed journals, leases. The byte tables are in docs/formats.md."""
