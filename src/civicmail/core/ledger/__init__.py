"""Evidence that an outsider can check: batches of records, a Merkle tree over them, signed checkpoints, proofs, verification."""
