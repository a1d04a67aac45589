"""The safe display of a message: text of ours, the sender's own look in a locked frame, and files as downloads."""
