"""Real mail in folders, for the screening benchmarks: one message a file, or mboxrd files with an index."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.corpus import mboxrd

KNOWN = (
    ("spamassassin", ("spamassassin/easy_ham", "spamassassin/easy_ham_2", "spamassassin/hard_ham")),
    ("enron", ("enron_maildir",)),
    ("linux-man", ("lists/linux-man",)),
    ("cygwin-patches", ("lists/cygwin-patches",)),
    ("open-iscsi", ("lists/open-iscsi",)),
)
"""Good mail of CIVICMAIL_CORPORA, source by source."""


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of mail. folders: whose files are messages, or that have an index.tsv of mboxrd files."""

    name: str
    folders: tuple[Path, ...]

    def messages(self) -> Iterator[bytes]:
        for folder in self.folders:
            if (folder / "index.tsv").is_file():
                yield from mboxrd(folder)
            else:
                yield from (path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())

    def some(self, most: int) -> list[bytes]:
        """The same ones each time, from all over it: those whose digests come first."""
        mail = [raw for raw in self.messages() if not raw.startswith(b"mv ")]
        return sorted(mail, key=lambda raw: hashlib.sha256(raw).digest())[:most]


def good() -> list[Source]:
    """CIVICMAIL_GOOD names folders, `name=folder` with : between them; those of CIVICMAIL_CORPORA come first."""
    sources = [Source(name, tuple(corpora() / place for place in places)) for name, places in KNOWN]
    sources += [Source(name, (Path(place),)) for name, place in _named("CIVICMAIL_GOOD")]
    return [source for source in sources if all(folder.is_dir() for folder in source.folders)]


def bad(variable: str) -> list[Source]:
    return [Source(name, (Path(place),)) for name, place in _named(variable) if Path(place).is_dir()]


def corpora() -> Path:
    return Path(os.environ.get("CIVICMAIL_CORPORA", "/nowhere"))


def _named(variable: str) -> Iterator[tuple[str, str]]:
    for one in filter(None, os.environ.get(variable, "").split(":")):
        name, equals, place = one.partition("=")
        yield (name, place) if equals else (Path(one).name, one)
