"""Labels of Google's exports: where Google wrote them, and not where a sender did."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.core.query.parse import parse
from civicmail.mail.importers.gmail_labels import labels
from civicmail.mail.importers.importing import ImportProgress, Request, run_import
from civicmail.mail.search.counts import count
from civicmail.mail.search.reader import Reader
from mail.importers.moves import NOW, captures, data

__all__ = ["data"]

THREAD = b"X-GM-THRID: 1588000000000000001\r\n"
REST = b"Delivered-To: ann@old.example\r\nSubject: pump\r\n\r\nX\r\n"


@pytest.mark.parametrize(
    ("field", "names", "flags"),
    [
        (b"X-Gmail-Labels: Inbox,Opened,Budget 2020\r\n", ("Inbox", "Budget 2020"), ("\\Seen",)),
        (b"X-Gmail-Labels: Unread,Starred,Drafts\n", ("Drafts",), ("\\Flagged", "\\Draft")),
        (b'X-Gmail-Labels: "Bids, closed",Parks/North\r\n', ("Bids, closed", "Parks/North"), ()),
        (b"X-Gmail-Labels: =?UTF-8?Q?B=C3=BCro,Eing?=\r\n =?UTF-8?Q?ang?=\r\n", ("Büro", "Eingang"), ()),
        (b"X-Gmail-Labels:\r\n", (), ()),
    ],
)
def test_labels_and_flags_are_read(field: bytes, names: tuple[str, ...], flags: tuple[str, ...]) -> None:
    assert labels(THREAD + field + REST) == labels(field + REST) == (names, flags)


@pytest.mark.rule(
    "P-23, P-24",
    "Labels of Google's exports are those that Google wrote above the message, never a field that a sender wrote into it.",
)
def test_a_field_that_a_sender_wrote_is_no_label() -> None:
    """What Google adds stands above everything else."""
    forged = b"X-Gmail-Labels: Legal hold\r\n"
    assert labels(REST.replace(b"Subject", forged + b"Subject")) == ((), ())
    assert labels(THREAD + b"X-Gmail-Labels: Inbox\r\n" + forged + REST) == (("Inbox",), ())
    assert labels(b"") == labels(b"X-Gmail-Labels" * 9000) == ((), ())


def test_an_export_of_takeout_is_found_by_its_labels(tmp_path: Path, data: Path) -> None:
    """P-23, P-24."""
    box = b"".join(
        b"From %d@xxx Mon Feb 01 09:00:00 +0000 2021\r\n" % n
        + THREAD
        + b"X-Gmail-Labels: Inbox,Opened,Pumps %d\r\n" % n
        + REST
        + b"\r\n"
        for n in range(3)
    )
    (tmp_path / "All mail Including Spam and Trash.mbox").write_bytes(box)
    told = ImportProgress(lambda left: None, lambda read: None, lambda done, wanted: None)
    run_import(data, Request((tmp_path / "All mail Including Spam and Trash.mbox",)), told, lambda: NOW, 0)
    assert [count(Reader(data), parse(text, now=None)) for text in ('label:"pumps 1"', "label:inbox", 'folder:"all mail"')] == [
        1,
        3,
        3,
    ]
    assert {capture.flags for capture, _ in captures(data)} == {("\\Seen",)}
