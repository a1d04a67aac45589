"""The scan of one message's files: the item being scanned, and the notes about all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from civicmail.city.policy.dispositions import FactValue, Finding
from civicmail.core.archives.budget import Within
from civicmail.core.archives.errors import DAMAGED, ENCRYPTED, TYPE_UNKNOWN, Spent, Unreadable
from civicmail.core.message.model import Link
from civicmail.core.sandbox.extraction import Extraction
from civicmail.mail.screening.allowance import Allowance

MAX_FINDINGS = 100
"""Findings reported for one message; facts cover all files."""
MAX_LISTED = 200
"""Files listed for one message, including archive members."""
MAX_TYPES = 60
LINKS, PICTURES, PICTURE_BYTES = 20_001, 20, 16 << 20
"""Links and pictures kept for other checks, and the bytes of pictures."""
APART, APART_BYTES = 16, 16 << 20
"""Contents of one message that the virus scanner gets separately, and their bytes in total."""
MEMBER = "!"
"""In the path of a member: between its attachment's path and a digest of the way to it."""


@dataclass(frozen=True, slots=True)
class Item:
    """An attachment or archive member. part: path of the attachment, offset and length as encoded; name, declared: as the message
    or container says; trail: names from the attachment to this member; is_unseen: only the name is known; scan_separately: the
    virus scanner does not open its container."""

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
        """Which member it is, without its name: extension and a digest of the way to it; empty for an attachment."""
        if not self.trail:
            return ""
        digest = hashlib.blake2s("\0".join(self.trail).encode("utf-8", "replace"), digest_size=4).hexdigest()
        return f"{ending(self.trail[-1])} {digest}".lstrip()


def ending(name: str) -> str:
    """ ".exe" of "Invoice.exe"; empty unless it is a plain extension, which cannot reveal more than a type."""
    dot, last = name.rpartition(".")[1:]
    return f".{last.lower()}" if dot and 0 < len(last) <= 5 and last.isascii() and last.isalnum() else ""


@dataclass(slots=True)
class FileScan:
    """The notes about a message's files. inside: scans an item of any type."""

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
        """Add a finding. fact: the fact that it sets, without "files."; mask: our word for what was seen, never the file's own."""
        if fact:
            self.facts[f"files.{fact}"] = True
        masks = " ".join(word for word in (item.place, mask) if word)
        finding = Finding(self.check, code, item.part, item.offset, item.length, masks, sure, self.version)
        if len(self.findings) < MAX_FINDINGS and finding not in self.findings:
            self.findings.append(finding)

    def list_file(self, item: Item, true: str) -> None:
        """Add a row for ExtractedMessage.files, and the type."""
        if true and len(self.types) < MAX_TYPES:
            self.types[true] = None
        if len(self.listed) < MAX_LISTED:
            digest = hashlib.sha256(item.content).hexdigest() if item.trail else ""  # of attachments message_reader.py has it
            place = MEMBER.join([item.part, *([item.place.rpartition(" ")[2]] if item.trail else [])])
            self.listed.append((place, item.name[:255], item.declared, true, len(item.content), digest))

    def unread(self, item: Item, why: str) -> None:
        """Note a file that could not be scanned. why: a reason of core/sandbox/errors.py."""
        if why == ENCRYPTED:
            self.note(item, "encrypted", "encrypted")
        elif why in {DAMAGED, TYPE_UNKNOWN}:
            self.note(item, "unread", "unread", sure=50, mask="damaged" if why == DAMAGED else "unknown")
        else:
            self.note(item, "limits", "limits", mask=why.replace(" ", "-"))

    def link(self, item: Item, url: str, words: str = "") -> None:
        """Keep a link for the check of links."""
        if len(self.links) < LINKS:
            self.links.append(Link(url, words, item.part))

    def picture(self, item: Item, content: bytes) -> None:
        """Keep a picture, which may show a QR code."""
        size = sum(len(one) for _, one in self.pictures) + len(content)
        if len(self.pictures) < PICTURES and size <= PICTURE_BYTES:
            self.pictures.append((item.part, content))

    def scan_by_antivirus(self, item: Item) -> None:
        """Have the virus scanner scan it separately."""
        size = sum(len(one.content) for one in self.separate) + len(item.content)
        if len(self.separate) < APART and size <= APART_BYTES:
            self.separate.append(item)
        else:
            self.note(item, "unread", "unread", sure=50, mask="too much")

    def case(self, item: Item, *, scan_separately: bool = False) -> Extraction:
        """An Extraction for the readers of core/sandbox: members come to `inside`, text is dropped. scan_separately: of each
        member."""

        def inside(content: bytes, case: Extraction) -> None:
            self.inside(item.member(case.path or unpacked(item.name), content, scan_separately=scan_separately), self)

        return Extraction(_UnreadableSink(self, item), Within(self.allowance, len(item.content)), inside, depth=item.depth)

    def guarded[T](self, item: Item, read: Callable[[], T], otherwise: T) -> T:
        """Call a reader and note what it cannot read. Raises Spent."""
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
    """An Output (core/sandbox/extraction.py) that notes only what could not be read."""

    scan: FileScan
    item: Item

    def text(self, text: str) -> None:
        return

    def picture(self, data: bytes) -> None:
        return

    def unreadable(self, path: str, why: str) -> None:
        """Note a member, or the item itself; a member that nobody can open still has a name."""
        if not path:
            self.scan.unread(self.item, why)
            return
        member = self.item.member(path, b"", is_unseen=True)
        self.scan.unread(member, why)
        self.scan.inside(member, self.scan)


def unpacked(name: str) -> str:
    """The name of a compressed file after unpacking (gzip -d)."""
    stem, dot, last = name.rpartition(".")
    last = last.lower()
    if dot and last in {"tgz", "tbz", "tbz2", "txz", "tzst"}:
        return f"{stem}.tar"
    return stem if dot and last in {"gz", "bz2", "xz", "z", "zst"} else name
