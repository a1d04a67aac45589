"""Mailboxes of an IMAP server: folders are opened read-only, and messages fetched without marking them as read."""

from __future__ import annotations

import base64
import calendar
import imaplib
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from civicmail.mail.courier.imap_mailboxes import not_personal
from civicmail.mail.importers.errors import BadServer, MailboxRefused, SignInRefused
from civicmail.mail.importers.remote.imap_wire import MAX_LINES, Login, Server, Wire, answering, goodbye, ok, quoted, sign_in
from civicmail.mail.importers.remote.source import Dropped, Fetched, Item, Patience, Renumbered, Throttled, Unlisted

LIST_BATCH = 1000
"""Messages that are listed by one command."""
MAX_DROPS = 3
"""Lost connections over the same messages before they are split."""
_SLACK = 64 << 10
_ATTRIBUTES = "UID FLAGS INTERNALDATE RFC822.SIZE"
_HEADER = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"
_LISTED = re.compile(rb'\((?P<flags>[^)]*)\) (?:"(?P<sep>\\.|[^"])"|NIL) (?P<name>.*)', re.DOTALL)
_UID = re.compile(rb"\bUID (\d{1,10})\b")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,19})\b")
_FLAGS = re.compile(rb"\bFLAGS \(([^)]*)\)")
_DATE = re.compile(rb'\bINTERNALDATE "([^"]{26})"')
_EMAILID = re.compile(rb"\bEMAILID \(([^)]{1,255})\)")
_GM_ID = re.compile(rb"\bX-GM-MSGID (\d{1,20})\b")
_GM_LABELS = re.compile(rb"\bX-GM-LABELS \(")
_QUOTED = re.compile(rb'"((?:\\.|[^"\\])*)"|([^\s()"]+)|(\))')
_MONTHS = {m: i for i, m in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}


@dataclass(frozen=True, slots=True)
class Folder:
    """path: for people, with "/"; name: as the server writes it; uses: its attributes, in lower case."""

    path: str
    name: str
    uses: frozenset[bytes]


class Imap:
    """without: folders (paths) to leave out, with their subfolders."""

    kind = "imap"

    def __init__(self, server: Server, login: Login, patience: Patience, without: Sequence[str] = ()) -> None:
        self.place = f"{server.host}:{server.port}"
        self._server = server
        self._login = login
        self._patience = patience
        self._without = tuple(without)

    @contextmanager
    def open(self, mailbox: str) -> Iterator[ImapBox]:
        box = ImapBox(self._server, self._login, self._patience, mailbox, self._without)
        try:
            box.patiently(lambda _: None)
            yield box
        finally:
            box.close()


class ImapBox:
    """One mailbox, which reconnects when its connection is lost."""

    def __init__(self, server: Server, login: Login, patience: Patience, mailbox: str, without: tuple[str, ...]) -> None:
        self._server, self._login, self._patience, self._mailbox, self._without = server, login, patience, mailbox, without
        self._wire: Wire | None = None
        self._selected = ""
        self._count = 0
        self._folders: dict[str, Folder] = {}
        self._refused = 0

    def close(self) -> None:
        wire, self._wire, self._selected = self._wire, None, ""
        goodbye(wire)

    def patiently[T](self, do: Callable[[Wire], T], drops_most: int | None = None) -> T:
        """Run a function with the open connection; wait out temporary failures and reconnect.
        A refused sign-in is retried once, with a new token if possible. drops_most: raises Dropped after so many lost
        connections."""
        drops = 0
        while True:
            try:
                done = do(self._connected())
                self._patience.answered()
                return done
            except Throttled as later:
                drops += isinstance(later, Dropped) and self._wire is not None
                self.close()
                if drops_most is not None and drops >= drops_most:
                    raise
                self._patience.wait(str(later), later.after)

    def _connected(self) -> Wire:
        if self._wire is None:
            wire = self._server.connected()
            try:
                sign_in(wire, self._login, self._mailbox)
            except MailboxRefused as refused:
                goodbye(wire)
                self._refused += 1
                if self._refused > 1 or self._login.tokens is None:
                    raise SignInRefused(str(refused)) from None
                return self._connected()
            except BaseException:
                goodbye(wire)
                raise
            self._wire, self._refused = wire, 0
            with answering(wire):
                line = ok(wire.capability())[-1] or b""  # after signing in there are others
                wire.capabilities = tuple(line.decode("ascii", "replace").upper().split())
        return self._wire

    # -- listing

    def items(self) -> Iterator[Item | Unlisted]:
        folders = self.patiently(self._listed)
        self._folders = {folder.path: folder for folder in folders}
        for folder in folders:
            try:
                validity, count = self.patiently(partial(self._examined, folder=folder))
                for first in range(1, count + 1, LIST_BATCH):
                    last = min(first + LIST_BATCH - 1, count)
                    yield from self.patiently(partial(self._page, folder=folder, validity=validity, first=first, last=last))
            except MailboxRefused as refused:
                yield Unlisted(folder.path, str(refused))

    def _listed(self, wire: Wire) -> list[Folder]:
        with answering(wire):
            listed = [folder for line in ok(wire.list()) if line and (folder := _folder(line))]
            others: tuple[str, ...] = ()
            if "NAMESPACE" in wire.capabilities:
                others = tuple(not_personal(ok(wire.namespace())[-1]))
        own = [f for f in listed if not any(f.name.startswith(o) or f.name == o[:-1] for o in others) and self._is_included(f)]
        if _is_gmail(wire):  # each message is in one of these, and its labels come with it
            own = [f for f in own if f.uses & {b"\\all", b"\\junk", b"\\trash"}] or own
        return sorted(own, key=lambda f: (f.path != "INBOX", f.path))

    def _is_included(self, folder: Folder) -> bool:
        return not any(folder.path == w or folder.path.startswith(f"{w}/") for w in self._without)

    def _examined(self, wire: Wire, folder: Folder) -> tuple[str, int]:
        """(UIDVALIDITY, messages)."""
        with answering(wire):
            self._selected = ""
            count = ok(wire.select(quoted(folder.name), readonly=True))[-1]
            lines = wire.response("UIDVALIDITY")[1]
            validity = lines[-1].decode() if lines and isinstance(lines[-1], bytes) else ""
            if not validity.isdecimal() or count is None:
                raise BadServer(f"{wire.host} opens {folder.path} without UIDVALIDITY")
            self._selected, self._count = f"{folder.path}\0{validity}", int(count)
            return validity, self._count

    def _in(self, wire: Wire, folder: str, validity: str) -> None:
        """Open a folder again, if it is not. Raises Renumbered."""
        if self._selected != f"{folder}\0{validity}" and self._examined(wire, self._folders[folder])[0] != validity:
            raise Renumbered(f"the server has numbered {folder} anew meanwhile")

    def _page(self, wire: Wire, folder: Folder, validity: str, first: int, last: int) -> list[Item]:
        """List a range of message numbers, which are stable while the folder stays open (RFC 9051 7.5.1)."""
        self._in(wire, folder.path, validity)
        more = f"{_HEADER}"
        more += " EMAILID" if "OBJECTID" in wire.capabilities else ""
        more += " X-GM-MSGID X-GM-LABELS" if _is_gmail(wire) else ""
        with answering(wire, MAX_LINES):
            parts = ok(wire.fetch(f"{first}:{last}", f"({_ATTRIBUTES} {more})"))
            items = {item.id: item for text, header in _answers(parts) if (item := _item(folder.path, validity, text, header))}
        if len(items) < min(last, self._count) - first + 1:
            raise Renumbered(f"{wire.host} listed {len(items)} of {last - first + 1} messages in {folder.path}")
        return sorted(items.values(), key=lambda item: int(item.id))

    # -- fetching

    def fetch(self, items: Sequence[Item]) -> Iterator[Fetched]:
        by_place: dict[tuple[str, str], list[Item]] = {}
        for item in items:
            by_place.setdefault((item.folder, item.validity), []).append(item)
        for place, in_folder in by_place.items():
            yield from self._together(place, in_folder)

    def _together(self, place: tuple[str, str], items: list[Item]) -> list[Fetched]:
        """Fetch by one command; if that fails repeatedly, fetch each half, until a single message is to blame."""
        try:
            return self.patiently(partial(self._bodies, place=place, items=items), MAX_DROPS)
        except SignInRefused:
            raise
        except (MailboxRefused, BadServer, Dropped) as refused:
            self.close()
            self._patience.answered()  # it lets us in, so it is there
            if len(items) == 1:
                return [Fetched(items[0], None, str(refused))]
            half = len(items) // 2
            return [*self._together(place, items[:half]), *self._together(place, items[half:])]

    def _bodies(self, wire: Wire, place: tuple[str, str], items: list[Item]) -> list[Fetched]:
        self._in(wire, *place)
        max_bytes = sum(item.size for item in items) * 2 + len(items) * _SLACK  # sizes are estimates with some servers
        with answering(wire, max_bytes):
            parts = ok(wire.uid("FETCH", _set_of([int(item.id) for item in items]), "(UID BODY.PEEK[])"))
            by_uid = {uid[1].decode(): body for text, body in _answers(parts) if (uid := _UID.search(text)) and b"BODY[]" in text}
        fetched = []
        for item in items:
            if item.id not in by_uid:
                fetched.append(Fetched(item, None, "it was deleted in the source since it was listed", gone=True))
            elif not (body := by_uid[item.id]):
                fetched.append(Fetched(item, None, "the server gives no bytes of it"))
            else:
                fetched.append(Fetched(item, body))
        return fetched


def _answers(parts: Sequence[object]) -> Iterator[tuple[bytes, bytes]]:
    """(text, literal) of each FETCH answer; imaplib gives (text up to the literal, literal) and then the text behind it."""
    text, body = b"", b""
    for part in parts:
        if isinstance(part, tuple):
            text, body = text + part[0], part[1] if b"BODY[" in part[0] else body
            if b"BODY[" not in part[0]:
                text += b'"' + part[1].replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'  # a label that came as a literal
        elif isinstance(part, bytes):
            yield text + part, body
            text, body = b"", b""


def _item(folder: str, validity: str, text: bytes, header: bytes) -> Item | None:
    uid = _UID.search(text)
    if uid is None:
        return None
    size, flags, date = _SIZE.search(text), _FLAGS.search(text), _DATE.search(text)
    same = b""
    if match := _EMAILID.search(text) or _GM_ID.search(text):
        same = match[1]
    elif (message_id := header.partition(b":")[2].strip()) and size is not None:
        same = message_id + b" " + size[1]
    return Item(
        folder,
        validity,
        uid[1].decode(),
        int(size[1]) if size else 0,
        _ms(date[1]) if date else None,
        tuple(f.decode("utf-8", "replace") for f in flags[1].split() if f.lower() != b"\\recent") if flags else (),
        tuple(_labels(text)),
        same.decode("utf-8", "replace")[:2000],
    )


def _labels(text: bytes) -> Iterator[str]:
    """Gmail's labels of a message, system labels without their backslash."""
    match = _GM_LABELS.search(text)
    for quoted_ in _QUOTED.finditer(text, match.end()) if match else ():
        if quoted_[3]:
            return
        name = quoted_[1].replace(b'\\"', b'"').replace(b"\\\\", b"\\") if quoted_[1] is not None else quoted_[2]
        yield utf7(name.removeprefix(b"\\").decode("utf-8", "replace"))


def _ms(date: bytes) -> int | None:
    """A date-time like 17-Jul-1996 02:44:25 -0700."""
    try:
        day, month, rest = date.strip().split(b"-", 2)
        year, clock, zone = rest.split()
        hours, minutes, seconds = map(int, clock.split(b":"))
        offset = (int(zone[1:3]) * 60 + int(zone[3:5])) * 60 * (-1 if zone[:1] == b"-" else 1)
        at = calendar.timegm(time.struct_time((int(year), _MONTHS[month.title()], int(day), hours, minutes, seconds, 0, 0, 0)))
    except (ValueError, KeyError):
        return None
    return (at - offset) * 1000


def _folder(line: bytes | tuple[bytes, bytes]) -> Folder | None:
    match = _LISTED.match(line if isinstance(line, bytes) else line[0])
    if match is None:
        return None
    uses = frozenset(match["flags"].lower().split())
    if uses & {b"\\noselect", b"\\nonexistent"}:
        return None
    raw = line[1] if isinstance(line, tuple) else match["name"].strip()
    name = raw.decode("utf-8", "replace")
    if not isinstance(line, tuple) and name.startswith('"'):
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    separator = (match["sep"] or b"").decode("utf-8", "replace")[-1:]
    path = "/".join(utf7(part).replace("/", "_") for part in name.split(separator)) if separator else utf7(name)
    return Folder("INBOX" if path.upper() == "INBOX" else path, name, uses)


def utf7(name: str) -> str:
    """Decode a folder name from modified UTF-7 (RFC 3501 5.1.3); other names stay unchanged."""

    def shown(match: re.Match[str]) -> str:
        if not match[1]:
            return "&"
        text = match[1].replace(",", "/")
        try:
            return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-16-be")
        except ValueError:
            return match[0]

    return re.sub(r"&([A-Za-z0-9+,]*)-", shown, name)


def _set_of(uids: list[int]) -> str:
    """A sequence set (RFC 9051 9) with runs."""
    runs: list[list[int]] = []
    for uid in sorted(uids):
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(str(a) if a == z else f"{a}:{z}" for a, z in runs)


def _is_gmail(wire: imaplib.IMAP4) -> bool:
    return "X-GM-EXT-1" in wire.capabilities
