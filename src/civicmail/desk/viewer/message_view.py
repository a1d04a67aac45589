"""A message as it is displayed: our own markup, never a tag of the sender's.

    shown = sandboxed.read(body, page=2)        made in a sandboxed process (sandboxed.py); never raises

If it could not be read, `failed` has the reason, everything else is empty, and the raw bytes can still be downloaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from civicmail.core.sandbox.service import EpochMs

RunKind = Literal["text", "link", "control", "picture"]
BlockKind = Literal["text", "heading", "item", "row", "pre", "rule"]
WORDS_MOST = 8_000
"""Characters of a message from which its line in a list is made."""


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text shown in one way. control: an invisible character, text is its name ("U+202E"). picture: one that is not
    shown, text is the sender's description. link: url is rebuilt so that every browser goes to `host`, "" if it must not be
    followed; lies: its words name another host."""

    text: str
    kind: RunKind = "text"
    url: str = ""
    host: str = ""
    lies: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or a line of it. quote: levels of quoting, 0 for the writer's own words."""

    runs: tuple[Run, ...]
    kind: BlockKind = "text"
    quote: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """An address of the header. name: in runs, so that invisible characters are shown."""

    name: tuple[Run, ...]
    address: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class File:
    """One attachment. path: its place ("1.2", inside an attached message "1.3/1.2"); name: "" if it has none; declared: the
    sender's media type; kind: its type by content (core/filetype/types.py); odd: its name promises another type; size:
    bytes; depth: levels of attached messages above it; letter: a message that can be opened, name is its subject then."""

    path: str
    name: tuple[Run, ...]
    declared: str
    kind: str
    odd: bool
    size: int
    sha256: str
    depth: int = 0
    letter: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """size, sha256: of the bytes. date: ms since 1970, None without a usable one. page, pages: of the text. files: of this page;
    file_count: of all. marks: fixed words (views/words.py); defects: codes of core/message/defect_codes.py, each once. html:
    whether it has a look of its own. failed: why nothing could be read."""

    size: int
    sha256: str
    subject: tuple[Run, ...] = ()
    from_: tuple[Person, ...] = ()
    sender: tuple[Person, ...] = ()
    reply_to: tuple[Person, ...] = ()
    to: tuple[Person, ...] = ()
    cc: tuple[Person, ...] = ()
    bcc: tuple[Person, ...] = ()
    people_left: int = 0
    date: EpochMs | None = None
    message_id: str = ""
    blocks: tuple[Block, ...] = ()
    page: int = 1
    pages: int = 1
    characters: int = 0
    files: tuple[File, ...] = ()
    file_count: int = 0
    files_page: int = 1
    files_pages: int = 1
    marks: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
    html: bool = False
    pictures: int = 0
    failed: str = ""


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """One header field in its order, decoded."""

    name: str
    value: tuple[Run, ...]
