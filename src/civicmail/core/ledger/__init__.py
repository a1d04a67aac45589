"""Evidence that an outsider can check: batches of records, the tree over them, signed checkpoints, proofs, verification."""
