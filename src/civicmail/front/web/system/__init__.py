"""Pages for operators: health, queue, trace, settings. Envelopes only (P-17, I1)."""
