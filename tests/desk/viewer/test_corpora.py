"""Real mail: all of it is read, every look of it is harmless, and no word of a body is lost between reading view and search."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from civicmail.core.message import message_parser
from civicmail.desk.viewer import render, safe_html
from desk.viewer.test_safe_html import WORDS, is_harmless

LARGEST = 2_000_000  # bytes
EACH = 9  # so that the test takes seconds


def messages(corpora: Path) -> Iterator[bytes]:
    files = sorted(p for p in corpora.rglob("*.eml") if p.is_file() and p.stat().st_size <= LARGEST)
    assert files
    for path in files[::EACH]:
        yield path.read_bytes()


def words(text: str) -> set[str]:
    return set(re.findall(r"\w{4,}", text))


@pytest.mark.corpora
def test_real_mail_is_read_whole_and_its_looks_are_harmless(corpora: Path) -> None:
    """What plain text or HTML say stands in the reading view, whatever program wrote it."""
    read = looks = 0
    lost = []
    for body in messages(corpora):
        made = render.shown(body)
        assert made is not None
        read += 1
        if (look := safe_html.page(body, "", WORDS)) is not None:
            looks += 1
            assert is_harmless(look.decode().partition("<body>")[2].partition("</body>")[0])
        message = message_parser.parse(body)
        plain = {part.content_type for part in message.parts if part.content_type.startswith("text/")} <= {
            "text/plain",
            "text/html",
        }
        if made.pages == 1 and plain and not message.children and not made.defects:
            there = words(" ".join(run.text for block in made.blocks for run in block.runs))
            wanted = words(message.html_text) or words(message.text)
            lost.append(len(wanted - there) > 2 + len(wanted) // 50)
    assert read > 100
    assert looks > 10
    assert sum(lost) <= len(lost) // 50
