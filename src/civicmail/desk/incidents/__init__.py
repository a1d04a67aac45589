"""Reports of dangerous mail: one case per message and its copies, one answer for all reporters, and message removal (P-31)."""
