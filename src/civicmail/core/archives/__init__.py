"""Archives of hostile origin (zip, 7z, tar, rar, cab, iso, compressed files): list members, read one, all within one budget."""
