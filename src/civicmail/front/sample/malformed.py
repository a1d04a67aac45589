"""Malformed messages as in real mail. None has a bare CR, LF or NUL, which the listener for strangers rejects."""

from __future__ import annotations

from collections.abc import Callable

from civicmail.front.sample import mime, people, prose
from civicmail.front.sample.letters import Desk, Written
from civicmail.front.sample.mime import CRLF, Note


def _no_message_id(note: Note, body: bytes) -> bytes:
    return note.lines().replace(b"Message-ID: <" + note.message_id.encode() + b">" + CRLF, b"") + mime.text(body.decode())


def _eight_bit_header(note: Note, body: bytes) -> bytes:
    return note.lines().replace(b"Subject: ", b"Subject: Stra\xdfe, caf\xe9 ") + mime.text(body.decode())


def _bad_base64(note: Note, body: bytes) -> bytes:
    return note.lines() + b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8*gd29ybGQ\r\n!!!=\r\n"


def _open_boundary(note: Note, body: bytes) -> bytes:
    head = b'Content-Type: multipart/mixed; boundary="never"\r\n\r\n--never\r\n'
    return (
        note.lines()
        + head
        + mime.text(body.decode())
        + b"--never\r\nContent-Type: application/octet-stream\r\n\r\ncut off he"
        + CRLF
    )


def _no_such_charset(note: Note, body: bytes) -> bytes:
    return note.lines() + b"Content-Type: text/plain; charset=x-klingon\r\n\r\n" + body + b"\xe4\xf6\xfc" + CRLF


def _line_without_colon(note: Note, body: bytes) -> bytes:
    return b"this is not a header\r\n" + note.lines() + CRLF + body + CRLF


def _two_froms(note: Note, body: bytes) -> bytes:
    return b"From: somebody.else@home.example\r\n" + note.lines() + CRLF + body + CRLF


def _bad_date(note: Note, body: bytes) -> bytes:
    lines = [b"Date: Yesterday, 31 Feb 2026 25:61:00 +9999" if x.startswith(b"Date: ") else x for x in note.lines().split(CRLF)]
    return CRLF.join(lines) + CRLF + body + CRLF


def _long_line(note: Note, body: bytes) -> bytes:
    return note.lines() + CRLF + b"word " * 900 + CRLF


def _deep(note: Note, body: bytes) -> bytes:
    opened = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (i, i) for i in range(120))
    return note.lines() + opened + mime.text(body.decode())


def _only_headers(note: Note, body: bytes) -> bytes:
    return note.lines()


def _nothing_but_text(note: Note, body: bytes) -> bytes:
    return CRLF + body + CRLF


BREAKERS: tuple[Callable[[Note, bytes], bytes], ...] = (
    _no_message_id,
    _eight_bit_header,
    _bad_base64,
    _open_boundary,
    _no_such_charset,
    _line_without_colon,
    _two_froms,
    _bad_date,
    _long_line,
    _deep,
    _only_headers,
    _nothing_but_text,
)


def malformed(desk: Desk) -> Written:
    """A resident's letter with one thing wrong."""
    r = desk.random
    department = desk.department()
    author, to = r.choice(people.residents()), desk.town.staff_of(department.short)[0]
    topic = r.choice(department.topics)
    note = desk.note(author, [to], prose.subject(r, topic))
    body = prose.paragraphs(r, topic, most=1)[0].encode()
    return Written(author, (to,), r.choice(BREAKERS)(note, body))
