"""Compare the files of an export with the checksum list that came with it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from civicmail.mail.importers.vault.files import Unreadable, lines, reading

_HASHES = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
_DIGEST = re.compile(r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{128}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?![0-9A-Za-z])")
_AROUND = re.compile(r"^(?:MD5|SHA\d+)\s*\(|\)\s*=\s*$|[\s*\",;:=]+$|^[\s*\",;:=]+", re.IGNORECASE)


class Checked(NamedTuple):
    """A file that is named in a list. right: None where it is not there."""

    file: str
    right: bool | None


def check(path: str) -> Iterator[Checked]:
    """Compare every file in a list. Raises Unreadable for a list without files."""
    folder = Path(path).parent
    named = 0
    with reading(path) as file:
        for line in lines(file):
            digest = _DIGEST.search(line)
            name = _name(line, digest) if digest else ""
            if digest and name:
                named += 1
                yield Checked(name, _is_right(str(folder / name), digest[0].lower()))
    if not named:
        raise Unreadable("it names no file with a checksum")


def _name(line: str, digest: re.Match[str]) -> str:
    """The last part of the file name beside a checksum, before or after it."""
    text = line[: digest.start()] + line[digest.end() :]
    before = ""
    while text != before:
        before, text = text, _AROUND.sub("", text)
    name = text.replace("\\", "/").rpartition("/")[2].strip()
    return "" if name in {".", ".."} else name


def _is_right(path: str, digest: str) -> bool | None:
    try:
        with reading(path) as file:
            return hashlib.file_digest(file, lambda: hashlib.new(_HASHES[len(digest)], usedforsecurity=False)).hexdigest() == digest
    except Unreadable:
        return None
