"""Signs that a sender copies works of others (P-13): types and names of files, license marks, words about copies, and the city's
own lists of SHA-256. Pure except for `Works`, which reads the lists.

A listed file is enough alone; other signs must be two of different kinds, or two different phrases, because a recording of a
meeting, an e-book or a license text alone is ordinary work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from civicmail.core.config.log import get_logger
from civicmail.core.filetype.types import TYPES
from civicmail.mail.screening import urls
from civicmail.mail.screening.shapes import CombinedCase, ExtractedFile
from civicmail.mail.screening.use.phrases import LISTS, Kind

log = get_logger()

KIND: Kind = "infringement"
FOLDER = "works"
NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
MAX_HASHES = 1_000_000
"""Files of all lists together."""
LARGE = 1 << 20
"""Bytes from which on sound, film and discs are a work rather than a voice message or a clip."""
_LINE = re.compile(r"([0-9a-fA-F]{64})(?:[ \t]+[ *]?(.*))?")

_PEER = re.compile(r"\.(?:torrent|nzb|magnet|metalink)\Z", re.IGNORECASE)
_BOOK = re.compile(r"\.(?:epub|mobi|azw3?|fb2|djvu|cb[rz7]|m4b|aax)\Z", re.IGNORECASE)
_DISC = re.compile(r"\.(?:iso|nrg|mdf|mds|cue|vob|ifo|dmg|vhdx?|vmdk)\Z", re.IGNORECASE)
_KEYGEN = re.compile(r"(?<![a-z])(?:keygen|keymaker|kms(?:pico|auto)|warez|nulled|pre-?activated|no-?cd)(?![a-z])", re.IGNORECASE)
_CRACK = re.compile(
    r"(?<![a-z])(?:crack(?:ed|fix|only)?|serials?|activator)(?![a-z])(?![ ._-]{0,3}(?:seal|fill|repair|map|survey))", re.IGNORECASE
)
_RELEASE = re.compile(
    r"(?<![a-z0-9])(?:s\d\de\d\d|480p|720p|1080p|2160p|blu-?ray|b[dr]rip|dvd-?(?:rip|scr|r)|hd-?(?:tv|rip|cam)|web-?(?:dl|rip)|camrip"
    r"|x26[45]|h26[45]|hevc|xvid|divx|remux|aac2|ddp?5|320 ?kbps|flac|retail|repack|proper)(?![a-z0-9])",
    re.IGNORECASE,
)
_PROGRAMS = ("program", "archive", "disk", "text")


@dataclass(frozen=True, slots=True)
class Sign:
    """kind: two different ones are needed; id, part: shown in a finding, never a file name."""

    kind: str
    id: str
    part: str


def signs(case: CombinedCase, hits: Mapping[str, Any]) -> Iterator[Sign]:
    """All but those of the lists. hits: phrases of the list, by id."""
    for file in case.message.files:
        yield from _of_file(file)
    for link in case.message.links:
        if link.url[:7].lower() == "magnet:":
            yield Sign("peer", "magnet", link.part)
        elif (place := urls.read(link.url)) is not None and _is_shadow(place.host):
            yield Sign("peer", "shadow-library-link", link.part)
    for phrase in LISTS[KIND].phrases:
        if phrase.id in hits:
            yield Sign(phrase.id if phrase.marker else f"words:{phrase.id}", phrase.id, str(hits[phrase.id][0]))


def are_enough(signs: list[Sign]) -> bool:
    return len({sign.kind for sign in signs}) >= 2


def _of_file(file: ExtractedFile) -> Iterator[Sign]:
    name, family = file.name[-255:], TYPES.get(file.true, TYPES["unknown"]).family
    if _PEER.search(name):
        yield Sign("peer", "file-for-sharing", file.part)
    if _KEYGEN.search(name) or (family in _PROGRAMS and _CRACK.search(name)):
        yield Sign("name", "name-of-a-crack", file.part)
    if family in ("sound", "film", "archive") and len({match[0].lower() for match in _RELEASE.finditer(name)}) >= 2:
        yield Sign("name", "name-of-a-rip", file.part)
    if _BOOK.search(name):
        yield Sign("work", "e-book", file.part)
    elif family in ("sound", "film") and file.size >= LARGE:
        yield Sign("work", f"large-{family}", file.part)
    elif (family == "disk" or _DISC.search(name)) and file.size >= LARGE:
        yield Sign("work", "disc", file.part)


def _is_shadow(host: str) -> bool:
    return any(word in label for label in host.split(".")[:-1] for word in LISTS[KIND].hosts)


class Works:
    """The lists in the data folder: `works/NAME.sha256`, as sha256sum writes them. Read anew when one of them changes. Not safe for
    two threads at once."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER
        self._stamp: tuple[tuple[str, int], ...] | None = None
        self._works: dict[bytes, str] = {}

    def named(self, sha256: str) -> str:
        """The list that has a file; "" where none has."""
        self._look()
        try:
            return self._works.get(bytes.fromhex(sha256), "")
        except ValueError:
            return ""

    def _look(self) -> None:
        try:
            stamp = tuple((path.stem, path.stat().st_mtime_ns) for path in there(self._folder.parent))
        except OSError as error:
            log.error("the lists of works cannot be read", error=str(error))
            return
        if stamp == self._stamp:
            return
        self._stamp, self._works = stamp, {}
        for path in there(self._folder.parent):
            try:
                entries, wrong = read(path)
            except OSError as error:
                log.error("a list of works cannot be read", list=path.stem, error=str(error))
                continue
            if wrong:
                log.error("a list of works has lines that are none", list=path.stem, lines=wrong)
            self._works |= dict.fromkeys(list(entries)[: MAX_HASHES - len(self._works)], path.stem)


def path_of(data: Path, name: str) -> Path:
    return data / FOLDER / f"{name}.sha256"


def there(data: Path) -> list[Path]:
    """The files of all lists, by name. Raises OSError."""
    try:
        paths = sorted((data / FOLDER).iterdir())
    except FileNotFoundError:
        return []
    return [path for path in paths if path.suffix == ".sha256" and NAME.fullmatch(path.stem)]


def read(path: Path) -> tuple[dict[bytes, str], int]:
    """Digest to title, and how many lines are none. Empty lines and those behind a # are nothing. Raises OSError."""
    titles: dict[bytes, str] = {}
    wrong = 0
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if not (plain := line.strip()) or plain[0] == "#":
                continue
            entry = _LINE.fullmatch(plain)
            if entry is None or len(titles) >= MAX_HASHES:
                wrong += 1
            else:
                titles[bytes.fromhex(entry[1])] = (entry[2] or "").strip()
    return titles, wrong
