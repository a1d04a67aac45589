"""What a file is: one table of signatures, families and readers, and the tricks of file names."""
