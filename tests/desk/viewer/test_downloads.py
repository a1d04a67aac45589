"""Files of strangers as downloads: a name that is only a name, bytes that are only bytes (RFC 6266, RFC 8187)."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.desk.viewer import downloads


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bid 14.pdf", 'attachment; filename="bid 14.pdf"'),
        ("Z\u00e4hler.pdf", "attachment; filename=\"Zahler.pdf\"; filename*=UTF-8''Z%C3%A4hler.pdf"),
        ("\u05d3\u05d5\u05d7.pdf", "attachment; filename=\"file-1.pdf\"; filename*=UTF-8''%D7%93%D7%95%D7%97.pdf"),
        ("../../etc/passwd", 'attachment; filename="_._etc_passwd"'),
        ("C:\\Windows\\a.exe", 'attachment; filename="C__Windows_a.exe"'),
        ('a"; filename="b.html', "attachment; filename=\"a__ filename=_b.html\"; filename*=UTF-8''a_%3B%20filename%3D_b.html"),
        ("bill\u202efdp.exe", 'attachment; filename="billfdp.exe"'),
        ("a\r\nSet-Cookie: x=1", 'attachment; filename="a Set-Cookie_ x=1"'),
        ("CON.txt", 'attachment; filename="_CON.txt"'),
        ("...", 'attachment; filename="file-1"'),
        ("", 'attachment; filename="file-1"'),
    ],
)
def test_a_name_is_only_a_name(name: str, value: str) -> None:
    """No place, no line, no direction of writing, no reserved word."""
    assert downloads.disposition(name, "file-1") == value


def test_a_long_name_keeps_its_end() -> None:
    name = downloads.file_name("x" * 500 + ".pdf")
    assert len(name) == downloads.LONGEST
    assert name.endswith("x.pdf")


@given(st.text(max_size=200))
def test_any_name_makes_one_value_of_a_header(name: str) -> None:
    said = downloads.disposition(name, "file-1")
    found = re.fullmatch(
        r"attachment; filename=\"([\w .()\[\]+,=@~-]+)\"(?:; filename\*=UTF-8''([A-Za-z0-9%._~-]+))?", said, re.ASCII
    )
    assert found
    for shown in (found[1], unquote(found[2] or "")):
        assert not re.search(r"[/\\\x00-\x1f\u202a-\u202e]", shown)
        assert shown.strip(" .") == shown


@pytest.mark.rule("P-23", "A file of a stranger is handed out as bytes under a name that is only a name, never as a page of ours.")
def test_bytes_are_only_bytes() -> None:
    assert downloads.HEADERS["Content-Type"] == "application/octet-stream"
    assert downloads.HEADERS["X-Content-Type-Options"] == "nosniff"
    assert downloads.CSP["sandbox"] is True
