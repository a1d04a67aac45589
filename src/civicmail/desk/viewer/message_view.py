"""A message as people are shown it: words of ours, never a tag of the sender's. Plain shapes that travel as JSON.

    shown = limited.read(body, page=2)          made in a limited process (limited.py); never raises

What could not be read is said in `failed`; then everything else is empty, and the raw bytes can still be downloaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

RunKind = Literal["text", "link", "control", "picture"]
BlockKind = Literal["text", "heading", "item", "row", "pre", "rule"]
WORDS_MOST = 8_000
"""Characters of a message from which its line in a list is made."""


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text that is shown in one way.

    control: a character that cannot be seen, text is its name ("U+202E"). picture: one that is not shown, text is what the sender
    says of it. link: url is rebuilt so that every browser goes to `host`, "" where it may not be followed; lies: the words name
    another host.
    """

    text: str
    kind: RunKind = "text"
    url: str = ""
    host: str = ""
    lies: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or one line of it. quote: how many levels of quoting it stands in, 0 for the writer's own words."""

    runs: tuple[Run, ...]
    kind: BlockKind = "text"
    quote: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """An address of the header. name: in runs, so that characters that nobody sees are shown."""

    name: tuple[Run, ...]
    address: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class File:
    """One attachment. path: where it is ("1.2", inside an attached message "1.3/1.2"); name: "" when it has none; declared: media
    type as the sender says; kind: what it is by its content (core/sandbox/filetype.py); odd: its name promises something else;
    size: bytes; depth: levels of attached messages above it; letter: a message that can be opened, name is its subject then."""

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
    """size, sha256: of the bytes that it was made of. date: ms since 1970, None without a usable one. page, pages: of the text.
    files: of this page of files; file_count: of all. marks: fixed words about what was read (views/words.py); defects: codes of
    core/message/defect_codes.py, each once. html: whether there is a look of the sender's own. failed: why nothing could be
    read."""

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
    date: int | None = None
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

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Shown:
        """From its JSON (orjson knows these classes). Raises TypeError, KeyError, ValueError for anything else, because a limited
        process may say what it likes."""
        people = {name: tuple(_person(p) for p in plain[name]) for name in ("from_", "sender", "reply_to", "to", "cc", "bcc")}
        lists = {
            "subject": _runs(plain["subject"]),
            "blocks": tuple(Block(_runs(b["runs"]), b["kind"], int(b["quote"])) for b in plain["blocks"]),
            "files": tuple(File(**{**f, "name": _runs(f["name"])}) for f in plain["files"]),
            "marks": tuple(str(m) for m in plain["marks"]),
            "defects": tuple(str(d) for d in plain["defects"]),
        }
        return cls(**{**plain, **people, **lists})


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """One field of the header as it stands there, decoded."""

    name: str
    value: tuple[Run, ...]


def _runs(plain: Any) -> tuple[Run, ...]:
    return tuple(Run(**run) for run in plain)


def _person(plain: Any) -> Person:
    return Person(_runs(plain["name"]), _runs(plain["address"]))
