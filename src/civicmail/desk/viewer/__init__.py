"""The safe display of a message: as text, in a locked frame, and files as downloads."""
