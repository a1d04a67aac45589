"""The archive: record types, commit, segments, catalogue, keyring, and guarded reading."""
