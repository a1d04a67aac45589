"""My mail: what I sent and received by envelope, and imported mail of mine; finding it, reading it, what became of it."""
