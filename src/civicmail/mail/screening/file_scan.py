"""One file as it is looked at, and what was noted about all files of a message so far."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from civicmail.city.policy.dispositions import FactValue, Finding
from civicmail.core.message.model import Link
from civicmail.core.sandbox.errors import DAMAGED, ENCRYPTED, TYPE_UNKNOWN, Spent, Unreadable
from civicmail.core.sandbox.extraction import Extraction
from civicmail.mail.screening.allowance import Allowance, Within

MAX_FINDINGS = 100
"""Findings of one message that are told; facts come of all."""
MAX_LISTED = 200
"""Files of one message that are listed, members of containers among them."""
MAX_TYPES = 60
LINKS, PICTURES, PICTURE_BYTES = 20_001, 20, 16 << 20
"""Links and pictures in the files of one message that are kept for other checks, and bytes of these."""
APART, APART_BYTES = 16, 16 << 20
"""Contents of one message that a virus scanner gets by themselves, and bytes of all of them."""
MEMBER = "!"
"""In the path of a member: behind the path of its attachment, before a digest of the way to it."""


@dataclass(frozen=True, slots=True)
class Item:
    """An attachment, or a member of one. part: path of the attachment, offset and length of it as encoded; name, declared: as the
    message or the container says; trail: the names from the attachment down to this one; unseen: only its name is known; apart: no
    virus scanner opens what it lies in."""

    part: str
    offset: int
    length: int
    name: str
    declared: str
    content: bytes
    trail: tuple[str, ...] = ()
    depth: int = 0
    is_unseen: bool = False
    scan_separately: bool = False

    def member(self, name: str, content: bytes, *, is_unseen: bool = False, scan_separately: bool = False) -> Item:
        trail, depth = (*self.trail, name), self.depth + 1
        return replace(
            self,
            name=name,
            declared="",
            content=content,
            trail=trail,
            depth=depth,
            is_unseen=is_unseen,
            scan_separately=scan_separately,
        )

    @property
    def place(self) -> str:
        """Which member it is, without its name: its ending and a digest of the way to it; empty for an attachment itself."""
        if not self.trail:
            return ""
        digest = hashlib.blake2s("\0".join(self.trail).encode("utf-8", "replace"), digest_size=4).hexdigest()
        return f"{ending(self.trail[-1])} {digest}".lstrip()


def ending(name: str) -> str:
    """.exe of "Invoice.exe"; empty where it is no plain ending, which could tell more than a type."""
    dot, last = name.rpartition(".")[1:]
    return f".{last.lower()}" if dot and 0 < len(last) <= 5 and last.isascii() and last.isalnum() else ""


@dataclass(slots=True)
class FileScan:
    """What was noted. inside: looks at an item, whatever it is."""

    check: str
    version: int
    allowance: Allowance
    inside: Callable[[Item, FileScan], None]
    findings: list[Finding] = field(default_factory=list)
    facts: dict[str, FactValue] = field(default_factory=dict)
    types: dict[str, None] = field(default_factory=dict)
    listed: list[tuple[str, str, str, str, int, str]] = field(default_factory=list)
    separate: list[Item] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    pictures: list[tuple[str, bytes]] = field(default_factory=list)

    def note(self, item: Item, code: str, fact: str = "", *, sure: int = 100, mask: str = "") -> None:
        """One finding. fact: what it makes true, without "files."; mask: a word of ours on what was seen, never the file's own."""
        if fact:
            self.facts[f"files.{fact}"] = True
        masks = " ".join(word for word in (item.place, mask) if word)
        finding = Finding(self.check, code, item.part, item.offset, item.length, masks, sure, self.version)
        if len(self.findings) < MAX_FINDINGS and finding not in self.findings:
            self.findings.append(finding)

    def list_file(self, item: Item, true: str) -> None:
        """A row of Seen.files, and the type."""
        if true and len(self.types) < MAX_TYPES:
            self.types[true] = None
        if len(self.listed) < MAX_LISTED:
            digest = hashlib.sha256(item.content).hexdigest() if item.trail else ""  # of attachments read.py has it
            place = MEMBER.join([item.part, *([item.place.rpartition(" ")[2]] if item.trail else [])])
            self.listed.append((place, item.name[:255], item.declared, true, len(item.content), digest))

    def unread(self, item: Item, why: str) -> None:
        """Something that could not be looked into. why: a reason of core/sandbox/errors.py."""
        if why == ENCRYPTED:
            self.note(item, "encrypted", "encrypted")
        elif why in {DAMAGED, TYPE_UNKNOWN}:
            self.note(item, "unread", "unread", sure=50, mask="damaged" if why == DAMAGED else "unknown")
        else:
            self.note(item, "limits", "limits", mask=why.replace(" ", "-"))

    def link(self, item: Item, url: str, words: str = "") -> None:
        """A link in a file, for the check of links."""
        if len(self.links) < LINKS:
            self.links.append(Link(url, words, item.part))

    def picture(self, item: Item, content: bytes) -> None:
        """A picture in a file: it may show a code."""
        size = sum(len(one) for _, one in self.pictures) + len(content)
        if len(self.pictures) < PICTURES and size <= PICTURE_BYTES:
            self.pictures.append((item.part, content))

    def scan_by_antivirus(self, item: Item) -> None:
        """Have a virus scanner scan at it by itself."""
        size = sum(len(one.content) for one in self.separate) + len(item.content)
        if len(self.separate) < APART and size <= APART_BYTES:
            self.separate.append(item)
        else:
            self.note(item, "unread", "unread", sure=50, mask="too much")

    def case(self, item: Item, *, scan_separately: bool = False) -> Extraction:
        """For readers of core/sandbox: their members come to `inside`, their text goes nowhere. apart: of each member."""

        def inside(content: bytes, case: Extraction) -> None:
            self.inside(item.member(case.path or unpacked(item.name), content, scan_separately=scan_separately), self)

        return Extraction(_UnreadableSink(self, item), Within(self.allowance, len(item.content)), inside, depth=item.depth)

    def guarded[T](self, item: Item, read: Callable[[], T], otherwise: T) -> T:
        """Call a reader; what it cannot read is noted. Raises Spent."""
        try:
            return read()
        except Spent:
            raise
        except Unreadable as error:
            self.unread(item, error.why)
        except MemoryError:
            self.unread(item, "needs too much memory")
        except Exception:  # noqa: BLE001 - readers of other people raise what they like at broken files
            self.unread(item, DAMAGED)
        return otherwise


@dataclass(frozen=True, slots=True)
class _UnreadableSink:
    """Out (core/sandbox/extraction.py) that hears only what could not be read."""

    scan: FileScan
    item: Item

    def text(self, text: str) -> None:
        return

    def picture(self, data: bytes) -> None:
        return

    def unreadable(self, path: str, why: str) -> None:
        """A member of the item, or the item itself; a member that nobody can open is still called something."""
        if not path:
            self.scan.unread(self.item, why)
            return
        member = self.item.member(path, b"", is_unseen=True)
        self.scan.unread(member, why)
        self.scan.inside(member, self.scan)


def unpacked(name: str) -> str:
    """What a packed file is called when it is unpacked (gzip -d)."""
    stem, dot, last = name.rpartition(".")
    last = last.lower()
    if dot and last in {"tgz", "tbz", "tbz2", "txz", "tzst"}:
        return f"{stem}.tar"
    return stem if dot and last in {"gz", "bz2", "xz", "z", "zst"} else name
