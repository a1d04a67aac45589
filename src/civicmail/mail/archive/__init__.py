"""The archive: record types, commit, segments, catalogue, keyring, and guarded reading. A message is archived before it is
acknowledged."""
