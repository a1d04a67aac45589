"""Messages as they are made: the same bytes each time, and every reader reads what was written (RFC 5322, 2231, 3676)."""

from __future__ import annotations

import uuid
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from civicmail.core.message import flowed, message_parser
from civicmail.desk.mailbox.compose import MAX_REFERENCES, WIDTH, Attachment, Calendar, NamedAddress, NewMessage, build
from civicmail.desk.mailbox.recipients import address_of, append, line, parse_typed, split

UID = uuid.UUID(int=7)
ANN, BOB = NamedAddress("ann@city.example", "Ann Miller"), NamedAddress("bob@paving.example", "Böb, Jr.")
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\n >-"), max_size=400)


def made(**more: object) -> NewMessage:
    said = {"to": (BOB,), "cc": (), "subject": "About", "text": "Text.", **more}
    return NewMessage(UID, 1_772_452_800_000, ANN, **said)  # type: ignore[arg-type]


@pytest.mark.rule("P-06", "Long lines are broken so that every reader joins them as they were written.")
@settings(max_examples=40)
@given(TEXTS)
@example("> quoted " + "word " * 60)
@example("From the beginning\n>not quoted by a program\n  indented\n-- \nfoot " + "long " * 40)
def test_a_reader_joins_the_lines_as_they_were_written(text: str) -> None:
    """What is long is broken and joined again; what looks like quoting or the start of a mailbox is nothing else."""
    body = message_from_bytes(build(made(text=text)), policy=default)
    content = body.get_content().replace("\r\n", "\n")
    read = ["> " * level + words for level, words in flowed.lines(content.removesuffix("\n"), {"format": "flowed"})]
    assert _plain(read) == _plain(_marked(text.split("\n")))
    assert all(len(one) <= WIDTH + 1 or " " not in one.strip("> ") for one in content.split("\n"))


def _marked(lines: list[str]) -> list[str]:
    """Lines with their levels as a reader counts them."""
    return ["> " * level + words for level, words in flowed.lines("\n".join(lines), {})]


def _plain(lines: list[str]) -> list[str]:
    return [one.strip().replace("\xa0", " ").strip() if one.strip() != "--" else "--" for one in lines]


def test_names_files_and_subjects_of_every_script_come_through() -> None:
    files = (Attachment("Plän für März 2026.pdf", b"%PDF-1.4"), Attachment("../../etc/x\n.txt", b"lines"))
    body = build(made(subject="Grüße " * 30, cc=(ANN,), files=files, behalf=NamedAddress("bea@city.example", "Bea O'Neil")))
    message = message_parser.parse(body)
    assert build(made(subject="Grüße " * 30, cc=(ANN,), files=files, behalf=NamedAddress("bea@city.example", "Bea O'Neil"))) == body
    assert message.subject == ("Grüße " * 30).strip()
    assert [(a.display, a.addr) for a in (*message.from_, *message.sender, *message.to)] == [
        ("Ann Miller", "ann@city.example"), ("Bea O'Neil", "bea@city.example"), ("Böb, Jr.", "bob@paving.example"),
    ]  # fmt: skip
    assert [(p.filename, p.content) for p in message.attachments] == [
        ("Plän für März 2026.pdf", b"%PDF-1.4"), ("_._etc_x .txt", b"lines"),
    ]  # fmt: skip
    assert b"filename*=utf-8''Pl%C3%A4n" in body and max(map(len, body.split(b"\r\n"))) < 200


def test_nothing_that_is_typed_makes_a_field_of_its_own() -> None:
    body = build(made(subject="One\r\nBcc: eve@evil.example", in_reply_to="<a@b>\r\nX: y", references=("<z@b> rubbish <a@b>",)))
    names = [name.lower() for name, _ in message_from_bytes(body, policy=default).items()]
    assert "bcc" not in names and "x" not in names
    assert message_parser.parse(body).references == ("z@b", "a@b")
    many = tuple(f"<{n}@b>" for n in range(200))
    assert len(message_parser.parse(build(made(references=many, in_reply_to="<199@b>"))).references) == MAX_REFERENCES
    assert b"To: undisclosed-recipients:;" in build(made(to=()))


def test_an_answer_to_an_invitation_stands_beside_the_text() -> None:
    body = message_from_bytes(build(made(calendar=Calendar("REPLY", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"))), policy=default)
    parts = [(p.get_content_type(), p.get_param("method")) for p in body.walk()]
    assert parts == [("multipart/alternative", None), ("text/plain", None), ("text/calendar", "REPLY")]


def test_recipients_are_read_as_people_type_them() -> None:
    """Commas, semicolons, lines; names alone; and nothing that could hide a second address."""
    text = 'Ann Miller <ann@city.example>; "Böb, Jr." <BOB@Paving.Example>\nStreet crews, ann@city.example, a@b, x@@y.example'
    said = parse_typed(text)
    assert said.named == (ANN, NamedAddress("BOB@paving.example", "Böb, Jr."))
    assert (said.names, said.wrong) == (("Street crews",), ("a@b", "x@@y.example"))
    assert address_of("jo@grün.example") == "jo@xn--grn-ioa.example"
    for bad in ("", "@x.example", "a b@x.example", "jö@x.example", "a@x.example>", "a@x..example", "a@" + "x" * 300 + ".example"):
        assert address_of(bad) == "", bad
    assert append("Ann <ANN@city.example>,", [ANN, BOB]) == 'Ann <ANN@city.example>, "Böb, Jr." <bob@paving.example>'
    assert parse_typed(line([ANN, BOB])).named == (ANN, BOB)


@settings(max_examples=40)
@given(st.text(max_size=80))
def test_whatever_is_typed_has_an_answer(text: str) -> None:
    said = parse_typed(text)
    assert all(address_of(n.address) == n.address for n in said.named)
    assert len(split(text)) >= len(said.named)
