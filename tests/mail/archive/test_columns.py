"""Packed keys are found by scanning and by table alike."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.mail.archive.columns import SCANS, Keys

KEY = st.sampled_from([bytes([a]) * 8 + bytes([b]) * 8 for a in range(3) for b in range(3)] + [b"\0" * 7 + b"\1" * 9])


@settings(max_examples=50)
@given(st.lists(KEY), st.lists(KEY), KEY, st.integers(1, 16))
def test_a_key_is_found_in_every_row_where_it_stands(first: list[bytes], more: list[bytes], key: bytes, start: int) -> None:
    keys = Keys(16)
    for some in (first, first + more):
        keys.packed[:] = b"".join(some)
        assert len(keys) == len(some)
        assert [keys[row] for row in range(len(keys))] == some
        for _ in range(SCANS + 2):
            assert keys.rows(key) == [row for row, other in enumerate(some) if other == key]
        assert list(keys.beginning(key[:start])) == [row for row, other in enumerate(some) if other.startswith(key[:start])]
