"""The parts of a page that shows a message; a room wraps them with its permit and its links."""
