"""Kept before acknowledged: record types, commit, segments, catalogue, keyring, and the one guarded door for reading."""
