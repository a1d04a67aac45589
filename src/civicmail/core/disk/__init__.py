"""Storage that survives a power cut: file operations, framed journals, leases. docs/formats.md has the byte tables."""
