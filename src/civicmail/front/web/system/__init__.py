"""Pages for operators: health, what waits, what happened to a message, settings. Envelopes only (P-17, I1)."""
