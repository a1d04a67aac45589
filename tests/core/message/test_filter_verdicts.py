"""Where the verdicts of other programs stand in a header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.message.filter_verdicts import header_of, verdicts

MAIL = (
    b"X-Spam-Status: No, score=0.4\r\n\ttests=[A]\r\nFrom: a@x.example\r\nAUTHENTICATION-RESULTS : edge; spf=pass\r\n"
    b"X-Spamish-Not-Really: 1\r\nx-virus-status: Clean\r\nX-Mailer: X-Spam: no\r\n\r\nX-Spam: in the text\r\n"
)


def test_they_are_found_whole_and_nothing_else_is() -> None:
    header = header_of(MAIL)
    assert header is not None
    found = verdicts(header)
    assert [v.name for v in found] == ["x-spam-status", "authentication-results", "x-spamish-not-really", "x-virus-status"]
    assert found[0].value == "No, score=0.4\ttests=[A]"
    first = MAIL[found[0].offset : found[0].offset + found[0].length]
    assert first == b"X-Spam-Status: No, score=0.4\r\n\ttests=[A]\r\n"


@pytest.mark.parametrize(
    ("content", "header"),
    [(b"\r\nbody", b"\r\n"), (b"A: b\n\nbody", b"A: b\n"), (b"A: b\r\n\r\n", b"A: b\r\n"), (b"A: b\r\n", None), (b"", None)],
)
def test_a_header_ends_at_the_first_empty_line(content: bytes, header: bytes | None) -> None:
    assert header_of(content) == header


@given(
    st.lists(st.sampled_from([b"X-Spam: y", b"x-virus:", b"A: b", b" folded", b"\tX-Spam: no", b"", b"X-Spam", b":"]), max_size=12)
)
def test_what_is_left_without_them_has_none(lines):
    header = b"".join(line + b"\r\n" for line in lines)
    found = verdicts(header)
    rest, at = b"", 0
    for verdict in found:
        assert verdict.offset >= at
        rest += header[at : verdict.offset]
        at = verdict.offset + verdict.length
    assert verdicts(rest + header[at:]) == []
