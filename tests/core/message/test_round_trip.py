"""Well-formed messages that the standard library wrote come back as they were meant."""

from __future__ import annotations

import html
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, EmailPolicy

from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.message import message_parser

_LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Co", "Cn", "Zs", "Zl", "Zp", "Cf"), exclude_characters="=?\ufeff")
_WORDS = st.lists(st.text(_LETTERS, min_size=1, max_size=12), min_size=1, max_size=8).map(" ".join)
_LINES = st.lists(_WORDS, max_size=6).map(lambda lines: "".join(line + "\n" for line in lines))
_FILES = st.lists(st.tuples(st.text("abcé字_-", min_size=1, max_size=30), st.binary(max_size=200)), max_size=3)
_ADDRESSES = st.lists(st.text("abcdefghij", min_size=1, max_size=8).map(lambda name: f"{name}@example.org"), min_size=1, max_size=5)


@given(_WORDS, _ADDRESSES, _LINES, st.one_of(st.none(), _WORDS), _FILES, st.sampled_from([SMTP, SMTPUTF8]))
def test_a_message_comes_back(
    subject: str, to: list[str], text: str, shown: str | None, files: list[tuple[str, bytes]], policy: EmailPolicy
) -> None:
    message = EmailMessage(policy=SMTPUTF8)
    message["Subject"] = subject
    message["From"] = "Sender <sender@example.org>"
    message["To"] = ", ".join(to)
    message["Message-ID"] = "<one@example.org>"
    message.set_content(text, cte="base64")
    if shown is not None:
        message.add_alternative(f"<html><body><p>{html.escape(shown)}</p></body></html>", subtype="html")
    for name, data in files:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name + ".bin")
    raw = message.as_bytes(policy=policy)
    one, view = message_parser.parse(raw), message_parser.fields(raw)
    assert one.subject == view.subject == subject
    assert [address.addr for address in view.to] == to
    assert (one.text.rstrip("\n"), one.message_id) == (text.rstrip("\n"), "one@example.org")
    assert one.html_text == (shown or "")
    assert [(part.filename, part.content) for part in one.attachments] == [(name + ".bin", data) for name, data in files]
    assert view.attachments == tuple((name + ".bin", "application/octet-stream", len(data), data) for name, data in files)
    assert one.defects == ()
