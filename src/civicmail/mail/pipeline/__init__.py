"""From bytes to receipt: accept(content, envelope, source) is the only way in for all mail."""
