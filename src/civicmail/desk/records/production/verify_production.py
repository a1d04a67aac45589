"""Check a release of public records without Civicmail: python verify.py [FOLDER_OR_ZIP] [--key KEY] [--manifest SHA256]

It lies in each release as verify.py. It needs Python 3.11 and no other program; the signature is checked where the library
"cryptography" is installed. The format is docs/formats.md, "Production". Prints what is wrong, a sentence a line, and how it ended;
ends with 0 when all is well, with 1 when not, with 2 when it cannot be read.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import csv
import io
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

LABEL = b"civicmail production 1\n"
OWN = {"manifest.json", "manifest.sig", "manifest.tsr", "verify.py"}
MAX_PROBLEMS = 20
MAX_TABLE = 1 << 28


class Wrong(Exception):
    """A check failed; the message says why."""


def demand(holds: bool, why: str) -> None:
    if not holds:
        raise Wrong(why)


class Folder:
    """The release as an unpacked folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def paths(self) -> list[str]:
        files = (p for p in self.path.rglob("*") if p.is_symlink() or not p.is_dir())
        return sorted(p.relative_to(self.path).as_posix() for p in files if p.name != "__pycache__")

    def pieces(self, path: str) -> Iterator[bytes]:
        with open(self.path / path, "rb") as file:
            while piece := file.read(1 << 20):
                yield piece


class Zip:
    """The release as the one zip file that it came in."""

    def __init__(self, path: Path) -> None:
        self.zip = zipfile.ZipFile(path)

    def paths(self) -> list[str]:
        return sorted(self.zip.namelist())

    def pieces(self, path: str) -> Iterator[bytes]:
        with self.zip.open(path) as file:
            while piece := file.read(1 << 20):
                yield piece


class Check:
    """place: where the release is. problems: sentences."""

    def __init__(self, place: Folder | Zip) -> None:
        self.place = place
        self.problems: list[str] = []
        self.at: dict[str, str] = {}
        for path in place.paths():
            name = path.rpartition("/")[2]
            if name in self.at:
                self.problems.append(f"{plain(name)} is there more than once")
            self.at[name] = path

    def read(self, name: str) -> bytes:
        demand(name in self.at, f"{name} is missing")
        content = b""
        for piece in self.place.pieces(self.at[name]):
            content += piece
            demand(len(content) <= MAX_TABLE, f"{name} is too large")
        return content

    def manifest(self, expected: str | None) -> dict[str, Any]:
        """The manifest, which is the one that the office names."""
        content = self.read("manifest.json")
        demand(expected is None or sha256(content).hexdigest() == expected, "the manifest is another one than the office names")
        manifest = json.loads(content)
        known = isinstance(manifest, dict) and manifest.get("version") == 1 and isinstance(manifest.get("files"), list)
        demand(known, "this is not the manifest of a release, or of a version that is not known here")
        demand(all({"name", "sha256", "checks"} <= set(file) for file in manifest["files"]), "the manifest lacks something")
        return dict(manifest)

    def files(self, manifest: dict[str, Any]) -> None:
        """Each listed file is there, unchanged, and nothing else is."""
        listed = {file["name"]: file["sha256"] for file in manifest["files"]}
        demand(len(listed) == len(manifest["files"]), "the manifest names a file twice")
        for name, expected in sorted(listed.items()):
            if name not in self.at:
                self.problems.append(f"{plain(name)} is missing")
                continue
            digest = sha256()
            try:
                for piece in self.place.pieces(self.at[name]):
                    digest.update(piece)
            except (zipfile.BadZipFile, EOFError, zlib.error):
                self.problems.append(f"{plain(name)} was changed: it cannot be unpacked any more")
                continue
            if digest.hexdigest() != expected:
                self.problems.append(f"{plain(name)} was changed")
        self.problems += [f"{plain(name)} is not in the manifest" for name in sorted(self.at.keys() - listed.keys() - OWN)]

    def pages(self) -> int:
        """Every page has a number, and no number is missing or used twice. Returns how many there are."""
        rows = list(csv.DictReader(io.StringIO(self.read("index.csv").decode("utf-8-sig"))))
        total, last = 0, None
        for row in rows:
            first, end = number(row["First page"]), number(row["Last page"])
            demand(
                end - first + 1 == int(row["Pages"]), f"the pages of item {plain(row['Item'])} are not as many as it has numbers"
            )
            demand(last is None or first == last + 1, f"page numbers before {plain(row['First page'])} are missing, or used twice")
            last, total = end, total + int(row["Pages"])
            for column in ("PDF", "Native", "Text"):
                name = row[column].rpartition("/")[2]
                demand(not name or name in self.at, f"{plain(name)} is in the index, and missing")
        return total

    def balance(self) -> str:
        """The equation of the log adds up. Returns it."""
        rows = list(csv.reader(io.StringIO(self.read("withholding-log.csv").decode("utf-8-sig"))))
        demand(bool(rows) and rows[-1][0] == "Balance", "the log has no balance")
        equation = rows[-1][1]
        left, _, right = equation.partition("=")
        numbers = [int(n.replace(",", "")) for n in re.findall(r"[0-9][0-9,]*", right)]
        demand(int(left.split()[0].replace(",", "")) == sum(numbers), "the items of the log do not add up")
        return plain(equation)

    def signature(self, key: bytes) -> str:
        """The office signed the manifest. Returns a sentence about it."""
        signature = base64.b64decode(self.read("manifest.sig").strip(), validate=True)
        try:
            from cryptography.exceptions import InvalidSignature
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        except ImportError:
            return 'The signature was not checked: that needs the library "cryptography".'
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, LABEL + self.read("manifest.json"))
        except InvalidSignature:
            raise Wrong("the signature of the manifest is not good, or of another key") from None
        return "The office signed the manifest."


def number(page: str) -> int:
    """The number of a page."""
    return int(page.rpartition("-")[2])


def plain(text: str) -> str:
    """Words of a file for a terminal: nothing in them can move the cursor, begin a line or hide others."""
    return "".join(c if c.isprintable() else f"<{ord(c):x}>" for c in text)


def read_key(given: str) -> bytes:
    """32 bytes from a file or base64."""
    key = base64.b64decode((Path(given).read_text() if Path(given).is_file() else given).strip(), validate=True)
    demand(len(key) == 32, "the key that you gave is not 32 bytes long")
    return key


def verify(path: Path, key: str | None, expected: str | None) -> tuple[list[str], list[str]]:
    """Sentences about what is wrong, and about what was checked."""
    check = Check(Folder(path) if path.is_dir() else Zip(path))
    sentences: list[str] = []
    try:
        manifest = check.manifest(expected)
        check.files(manifest)
        pages = check.pages()
        sentences += [f"{len(manifest['files']):,} files and {pages:,} pages are as they were released.", check.balance()]
        if key is None:
            sentences.append("The signature was not checked: give the key of the office with --key.")
        else:
            sentences.append(check.signature(read_key(key)))
    except Wrong as wrong:
        check.problems.append(str(wrong))
    except (ValueError, KeyError, IndexError, UnicodeDecodeError, binascii.Error):
        check.problems.append("a list of the release is not as it should be")
    return check.problems, sentences


def main() -> int:
    parser = argparse.ArgumentParser(description="Check a release of public records.")
    parser.add_argument("path", nargs="?", default=str(Path(__file__).resolve().parent))
    parser.add_argument("--key", help="public key of the office: base64, or a file with it")
    parser.add_argument("--manifest", help="SHA-256 of manifest.json, as the office names it")
    arguments = parser.parse_args()
    try:
        problems, sentences = verify(Path(arguments.path), arguments.key, arguments.manifest)
    except (OSError, zipfile.BadZipFile) as error:
        print(f"It cannot be read: {type(error).__name__}.", file=sys.stderr)
        return 2
    for problem in problems[:MAX_PROBLEMS]:
        print(f"WRONG: {problem}.")
    if problems:
        print(f"{len(problems)} problem(s): do not rely on this release.")
        return 1
    for sentence in sentences:
        print(sentence)
    return 0


if __name__ == "__main__":
    sys.exit(main())
