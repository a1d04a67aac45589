"""What left can be rebuilt from what is kept (promise 2), and nothing added says more than it should (promise 4)."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from email.utils import parsedate_to_datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.lease import is_held, lease_path
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.courier.rendering import as_sent, header_lines, missing_fields, render, sent_facts

PIECES = st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b".", b"\0", b"word", b"\r\n.\r\n"]), max_size=15)


def capture(**envelope: object) -> Capture:
    e = Envelope("eve@out.example", (Recipient("ann@city.example"),), 1_800_000_000_000, **envelope)  # type: ignore[arg-type]
    return Capture(bytes(16), e.received, bytes(32), 1, bytes(32), Source("mx"), e)


@given(PIECES, st.sampled_from(["crlf", "lf"]), st.lists(st.sampled_from(["Received: x", "\ty"]), max_size=3))
def test_any_cut_of_the_kept_bytes_leaves_the_same_and_is_rebuilt(pieces, eol, prepend):
    sent = sent_facts(eol, prepend)
    left = b"".join(render(pieces, sent))
    facts = {"sent": sent, "sha256": hashlib.sha256(left).hexdigest()}
    assert as_sent([b"".join(pieces)], facts) == left
    end = b"\r\n" if eol == "crlf" else b"\n"
    assert left.startswith(b"".join(line.encode() + end for line in prepend))
    assert b"\0" not in left and left.count(b"\r") == (left.count(b"\r\n") if eol == "crlf" else 0)
    assert not left or left.endswith(end)


def test_bytes_that_do_not_agree_with_the_record_are_not_shown():
    with pytest.raises(DamagedFile):
        as_sent([b"other\r\n"], {"sent": sent_facts("crlf", []), "sha256": "0" * 64})


@pytest.mark.parametrize(
    ("envelope", "first"),
    [
        ({"client": "192.0.2.7", "helo": "c.example"}, "from c.example ([192.0.2.7]) by mail.city.example|with ESMTP id"),
        ({"client": "192.0.2.7", "helo": "c", "tls": "TLSv1.3 X", "login": "ann"}, "by mail.city.example|with ESMTPSA id"),
        ({"client": "2001:db8::1", "protocol": "smtp"}, "from unknown ([2001:db8::1]) by mail.city.example|with SMTP id"),
        ({"protocol": "local"}, "Received: by mail.city.example|id 0000"),
        ({"client": "x", "helo": "evil)\r\nBcc: all (\x00"}, "from evil???Bcc:?all??? ([x]) by|with"),
    ],
)
def test_received_says_from_whom_and_how(envelope, first):
    lines = header_lines(capture(**envelope), "mail.city.example", ["ann@city.example"], final=False)
    assert all(part in line for part, line in zip(first.split("|"), lines, strict=False)), lines
    assert "login" not in "".join(lines) and lines[0].startswith("Received:") and lines[2] == "\tfor <ann@city.example>;"


@pytest.mark.rule(
    "P-06, promise 4",
    "A copy names its recipient only if there is one, so that no recipient is revealed to another.",
)
def test_with_several_recipients_nobody_is_named_and_return_path_is_for_mailboxes_only():
    lines = header_lines(capture(), "h", ["a@x", "b@x"], final=False)
    assert not any("for <" in line or "Return-Path" in line for line in lines)
    assert header_lines(capture(), "h", ["a@x"], final=True)[0] == "Return-Path: <eve@out.example>"


@pytest.mark.parametrize(
    ("kind", "header", "added"),
    [
        ("submission", b"From: a@city.example\r\n", ["Date", "Message-ID"]),
        ("relay", b"From: a@city.example\r\nDate: Mon, 2 Mar 2026 12:00:00 +0000\r\n", ["Message-ID"]),
        ("submission", b"MESSAGE-ID: <1@city.example>\r\nDate: Mon, 2 Mar 2026 12:00:00 +0000\r\n", []),
        ("relay", b"Message-ID: <1@old.city.example>\r\n", []),
        ("mx", b"From: eve@out.example\r\n", []),
    ],
)
def test_a_date_and_a_number_are_added_to_mail_of_the_city_that_has_none(kind, header, added):
    """What a printer or a script sends left without them, and systems outside refuse that; each copy has the same (RFC 6409 8)."""
    capture_ = replace(capture(), source=Source(kind))
    kept = SimpleNamespace(capture=capture_, header=lambda: header)
    lines = missing_fields(kept, "mail.city.example")
    assert [line.partition(":")[0] for line in lines] == added and missing_fields(kept, "mail.city.example") == lines
    if "Date" in added:
        assert parsedate_to_datetime(lines[0].partition(": ")[2]).timestamp() * 1000 == capture_.received
    assert all(line.endswith(f"<{capture_.uuid}@mail.city.example>") for line in lines if line.startswith("Message-ID"))


def test_a_record_wakes_the_courier_before_it_looks_by_itself(town, monkeypatch):
    monkeypatch.setattr("civicmail.mail.courier.deliver.WATCHED_SECONDS", 30)

    async def story():
        async with town.courier():
            await town.until(lambda: is_held(lease_path(town.data, "courier")))
            await asyncio.sleep(0.05)
            id_ = town.keep("bob@city.example")
            await town.ends(id_)

    asyncio.run(story())
