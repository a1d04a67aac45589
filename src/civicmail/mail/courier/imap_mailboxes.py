"""Delivered copies on another server, by IMAP as a master user (RFC 9051; Dovecot: auth_master_user_separator).

A copy is found by our own Received line in it, in any folder; only the message with that number is removed (UID EXPUNGE, RFC 4315).
Only numbers, flags and times are read, because the archive has the bytes. Everything is read only for a mailbox whose account is
closed, so that nothing is removed that the archive lacks.
"""

from __future__ import annotations

import imaplib
import re
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from civicmail.core.config.errors import ConfigError
from civicmail.mail.courier.mailbox_copies import CopyLocation

TIMEOUT = 30.0
_LISTED = re.compile(rb'\((?P<flags>[^)]*)\) (?:"(?:\\.|[^"])"|NIL) (?P<name>.*)', re.DOTALL)
_FETCHED = re.compile(rb"UID (\d+)")
_NAMED = re.compile(rb'"((?:\\.|[^"\\])*)"|[()]|NIL')
_EMPTY = re.compile(rb"MESSAGES 0\b")
_BATCH_SIZE = 100
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class BadServer(ConfigError):
    """courier.imap names no server that we may ask."""


class ServerUnavailable(OSError):
    """The server does not answer now; a later try may succeed."""


class ImapServer:
    """One server. url: imaps://host:port, or imap://host:port on loopback alone; user: the master user; key_file: holds its
    password; ca: a PEM file of authorities, "" for the system's. Raises BadServer."""

    def __init__(self, url: str, user: str, key_file: str, ca: str = "") -> None:
        to = urlsplit(url)
        if to.scheme not in ("imap", "imaps") or not to.hostname or to.path.strip("/"):
            raise BadServer(f"courier.imap {url!r} is not a server: write imaps://host:port, or imap://127.0.0.1:port.")
        if to.scheme == "imap" and to.hostname not in _LOOPBACK:
            raise BadServer("courier.imap: the master user's password goes in clear only to this machine; write imaps://.")
        try:
            self._password = Path(key_file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BadServer(f"courier.imap_key_file {key_file} cannot be read: {error.strerror}.") from None
        self._host, self._port = to.hostname, to.port or (993 if to.scheme == "imaps" else 143)
        self._tls = ssl.create_default_context(cafile=ca or None) if to.scheme == "imaps" else None
        self._user = user

    def greet(self) -> None:
        """Read the greeting. Raises OSError if the server does not answer, or has the wrong identity."""
        try:
            self._connected().logout()
        except imaplib.IMAP4.error as error:
            raise OSError(str(error)) from error

    @contextmanager
    def open(self, mailbox: str) -> Iterator[ImapMailbox]:
        """Open one connection, signed in as the master user, to this mailbox. Raises OSError for every failure in it."""
        try:
            wire = self._connected()
        except (imaplib.IMAP4.error, OSError) as error:
            raise ServerUnavailable(f"The mailbox server does not answer: {error}") from error
        try:
            _ok(wire.login(f"{mailbox}*{self._user}", self._password))
            if b"UIDPLUS" not in _ok(wire.capability())[-1].upper():  # after signing in there are others
                raise OSError("The mailbox server cannot remove one message alone (UIDPLUS).")
            yield ImapMailbox(wire, mailbox)
        except (imaplib.IMAP4.abort, ConnectionError, TimeoutError) as error:
            raise ServerUnavailable(f"The mailbox server does not answer any more: {error}") from error
        except imaplib.IMAP4.error as error:
            later = "[UNAVAILABLE]" in str(error)  # RFC 5530 3: it cannot ask who may
            raise (ServerUnavailable if later else OSError)(f"The mailbox server refused: {error}") from error
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                wire.logout()

    def _connected(self) -> imaplib.IMAP4:
        if self._tls is None:
            return imaplib.IMAP4(self._host, self._port, timeout=TIMEOUT)
        return imaplib.IMAP4_SSL(self._host, self._port, ssl_context=self._tls, timeout=TIMEOUT)


class ImapMailbox:
    """One mailbox, open."""

    def __init__(self, wire: imaplib.IMAP4, mailbox: str) -> None:
        self._wire = wire
        self._mailbox = mailbox

    def find(self, capture: str, since: int) -> list[CopyLocation]:
        """Two days of grace for clocks and zones: SINCE knows no hours."""
        day = datetime.fromtimestamp(since / 1000, UTC) - timedelta(days=2)
        criteria = f'SINCE {day:%d}-{_MONTHS[day.month - 1]}-{day:%Y} HEADER Received "{capture}"'
        return [copy for folder in list(_folders(self._wire)) for copy in _in(self._wire, folder, criteria)]

    def remove(self, places: Sequence[CopyLocation]) -> None:
        """Remove these messages; absent ones are ignored."""
        for place in places:
            self._expunge(place.folder, [place.name])

    def _expunge(self, folder: str, names: Sequence[str]) -> None:
        """names: of at least one message, all with the same validity."""
        validity = names[0].partition(":")[0]
        _ok(self._wire.select(_quoted(folder)))
        if _validity(self._wire) != validity:
            raise OSError("The server has numbered its messages anew meanwhile.")
        uids = ",".join(name.partition(":")[2] for name in names)
        _ok(self._wire.uid("STORE", uids, "+FLAGS.SILENT", "(\\Deleted)"))
        _ok(self._wire.uid("EXPUNGE", uids))

    def put(self, place: CopyLocation, content: bytes, capture: str) -> None:
        """Where the folder is gone, into the inbox."""
        flags = " ".join(flag for flag in place.flags if flag != "\\Recent")
        at = imaplib.Time2Internaldate(datetime.fromtimestamp(place.at / 1000, UTC))
        for folder in dict.fromkeys((place.folder, "INBOX")):
            if self._wire.append(_quoted(folder), f"({flags})", at, content)[0] == "OK":
                return
        raise OSError(f"The server did not take {capture} back for {self._mailbox}.")

    def everything(self) -> Iterator[tuple[CopyLocation, bytes]]:
        """Each complete message of the owner's own folders; the mailbox must not be used for anything else in between."""
        for folder in list(_own_folders(self._wire)):
            _ok(self._wire.select(_quoted(folder), readonly=True))
            validity = _validity(self._wire)
            lines = _ok(self._wire.uid("FETCH", "1:*", "(UID)"))
            matches = (_FETCHED.search(line) for line in lines if isinstance(line, bytes))
            for uid in dict.fromkeys(one[1].decode() for one in matches if one is not None):
                if (whole := _whole(self._wire, uid)) is not None:
                    yield CopyLocation(folder, f"{validity}:{uid}", (), whole[0]), whole[1]

    def remove_all(self, places: Sequence[CopyLocation]) -> None:
        """Many, a hundred at a time."""
        for folder in dict.fromkeys(place.folder for place in places):
            names = [place.name for place in places if place.folder == folder]
            for begin in range(0, len(names), _BATCH_SIZE):
                self._expunge(folder, names[begin : begin + _BATCH_SIZE])

    def drop_folders(self) -> None:
        """Delete the owner's own empty folders; the inbox stays, and so does every folder that the server refuses to delete."""
        _ok(self._wire.select("INBOX", readonly=True))  # a folder that is open cannot go
        for folder in sorted(_own_folders(self._wire), key=len, reverse=True):
            if folder.upper() != "INBOX" and _EMPTY.search(_ok(self._wire.status(_quoted(folder), "(MESSAGES)"))[0]):
                self._wire.delete(_quoted(folder))


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _ok[Answer](response: tuple[str, Answer]) -> Answer:
    if response[0] != "OK":
        raise OSError(f"The mailbox server refused: {response[0]}")
    return response[1]


def _folders(wire: imaplib.IMAP4) -> Iterator[str]:
    """Names of folders that can be opened, as the server writes them."""
    for line in _ok(wire.list()):
        raw = b" ".join(line) if isinstance(line, tuple) else line
        match = _LISTED.match(raw) if isinstance(raw, bytes) else None
        if match and b"\\noselect" not in match["flags"].lower() and b"\\nonexistent" not in match["flags"].lower():
            name = match["name"].decode("utf-8", "replace").strip()
            yield name[1:-1].replace('\\"', '"').replace("\\\\", "\\") if name.startswith('"') else name


def _own_folders(wire: imaplib.IMAP4) -> Iterator[str]:
    """Without folders that others share with the owner."""
    others: tuple[str, ...] = ()
    if b"NAMESPACE" in _ok(wire.capability())[-1].upper().split():
        others = tuple(not_personal(_ok(wire.namespace())[-1]))
    return (name for name in list(_folders(wire)) if not any(f"{name}{other[-1]}".startswith(other) for other in others))


def not_personal(reply: bytes) -> Iterator[str]:
    """The prefixes of other people's and of shared namespaces (RFC 2342 5): ((prefix separator)…) or NIL, personal ones first."""
    depth = kind = 0
    is_prefix = False
    for token in _NAMED.finditer(reply):
        if token[1] is None:
            depth += {b"(": 1, b")": -1}.get(token[0], 0)
            is_prefix = token[0] == b"(" and depth == 2
            kind += depth == 0
        elif is_prefix and kind and token[1]:
            yield token[1].decode("utf-8", "replace").replace('\\"', '"').replace("\\\\", "\\")
            is_prefix = False
        else:
            is_prefix = False


def _whole(wire: imaplib.IMAP4, uid: str) -> tuple[int, bytes] | None:
    """Its time in ms and its bytes; None where it is gone."""
    answer = _ok(wire.uid("FETCH", uid, "(INTERNALDATE BODY.PEEK[])"))
    response = b" ".join(part if isinstance(part, bytes) else part[0] for part in answer if part is not None)
    if not response:
        return None
    bodies = [part[1] for part in answer if isinstance(part, tuple)]
    if not bodies and b'BODY[] ""' not in response:
        raise OSError("The mailbox server gives no bytes of a message.")
    return int(_seconds(imaplib.Internaldate2tuple(response)) * 1000), bodies[0] if bodies else b""


def _in(wire: imaplib.IMAP4, folder: str, criteria: str) -> Iterator[CopyLocation]:
    _ok(wire.select(_quoted(folder), readonly=True))
    (uids,) = _ok(wire.uid("SEARCH", criteria))
    numbers = uids.split() if uids else []
    validity = _validity(wire)
    for number in numbers:
        for line in _ok(wire.uid("FETCH", number.decode(), "(UID FLAGS INTERNALDATE)")):
            if isinstance(line, bytes) and (uid := _FETCHED.search(line)):
                flags = tuple(flag.decode() for flag in imaplib.ParseFlags(line) if flag != b"\\Recent")
                at = imaplib.Internaldate2tuple(line)
                yield CopyLocation(folder, f"{validity}:{uid[1].decode()}", flags, int(_seconds(at) * 1000))


def _seconds(at: object) -> float:
    return time.mktime(at) if isinstance(at, time.struct_time) else 0.0


def _validity(wire: imaplib.IMAP4) -> str:
    responses = wire.response("UIDVALIDITY")[1]
    return responses[-1].decode() if responses and isinstance(responses[-1], bytes) else ""


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
