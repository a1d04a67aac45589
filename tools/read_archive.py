#!/usr/bin/env python3
"""Read every message of an archive of Civicmail without Civicmail: python read_archive.py FOLDER [--out DIR] [--recovery FILE].

Written from docs/formats.md alone, so that the archive can be read in many years. Needs Python 3.11, `cryptography` and
`zstandard`. Prints a line of JSON for each message: its capture id, place (journal and number), time, class, size, SHA-256 and
envelope; with --out its bytes are DIR/<capture id>.eml. Every message is compared with the SHA-256 in its receipt, and the receipt
with its leaf in the ledger. What is wrong goes to standard error; ends with 0 if all messages were read, else with 1, and with 2 if
the folder cannot be read at all. The folder is only read, and should be a copy, or one where nothing runs.

--recovery FILE: a file with the recovery key on paper, in place of keys/master.key.
"""

import argparse
import json
import re
import struct
import sys
import zlib
from hashlib import sha256
from pathlib import Path

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

RECEIPT = 1
IN_SPOOL = 1
HEAD = struct.Struct("<4sBBHIIQQQ16s32s")
"""Of a frame in a journal: mark, type, flags, zero, length of the head, CRC, length of the body, number, durable, id, SHA-256."""
BLOCK = 1 << 20
NO_TABLE = 0xFFFFFFFE
"""Frames of a segment with this number and above are tables."""
CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


class Unreadable(Exception):
    """Something cannot be read; the message says what and why."""


def demand(holds, why):
    if not holds:
        raise Unreadable(why)


# -- keys --------------------------------------------------------------------------------------------------------------------------


def master_name(key):
    return sha256(b"civicmail master key\x00" + key).digest()[:8]


def recovered(folder, text):
    """The master keys in keys/recovery.json, opened with the recovery key on paper."""
    letters = re.sub(r"[\s-]", "", text.lower()).replace("o", "0").replace("i", "1").replace("l", "1")
    demand(len(letters) == 40 and set(letters) <= set(CROCKFORD), "the recovery key is not 40 letters and digits")
    plain = sum(CROCKFORD.index(letter) << (5 * n) for n, letter in enumerate(reversed(letters))).to_bytes(25, "big")
    secret = plain[:20]
    demand(sha256(secret).digest()[:5] == plain[20:], "the recovery key has a misprint")
    wrapped = bytes.fromhex(json.loads((folder / "keys" / "recovery.json").read_text())["wrapped"])
    key = AESGCM(sha256(b"civicmail recovery key\x00" + secret).digest())
    try:
        opened = key.decrypt(wrapped[:12], wrapped[12:], b"recovery")
    except InvalidTag:
        raise Unreadable("the recovery key is not that of this archive") from None
    return [opened[:32]] + ([opened[64:96]] if len(opened) >= 96 else [])


def master_keys(folder, recovery):
    """{name: key}"""
    if recovery:
        found = recovered(folder, Path(recovery).read_text())
    else:
        paths = [folder / "keys" / name for name in ("master.key", "master.old")]
        found = [path.read_bytes() for path in paths if path.exists()]
    return {master_name(key): key for key in found}


def segment_key(folder, masters, id_):
    """The key of one segment."""
    content = (folder / "keys" / "segments" / f"{id_.hex()}.key").read_bytes()
    demand(len(content) == 72 and content[:4] == b"CVK1", f"the key of segment {id_.hex()} is of no known version")
    demand(content[4:12] in masters, f"the master key for segment {id_.hex()} is not here")
    try:
        return AESGCM(masters[content[4:12]]).decrypt(content[12:24], content[24:], content[:12] + id_)
    except InvalidTag:
        raise Unreadable(f"the key of segment {id_.hex()} does not open") from None


# -- journals ----------------------------------------------------------------------------------------------------------------------


def check_file(path, name):
    """The seed of a journal file's checksums."""
    with path.open("rb") as file:
        start = file.read(64)
    demand(len(start) == 64 and start[:4] == b"CVJ1", f"{path} is of no known version")
    crc, journal, first, _, seed = struct.unpack_from("<I16sQQI", start, 4)
    demand(zlib.crc32(start[:4] + bytes(4) + start[8:44]) == crc, f"the beginning of {path} is damaged")
    demand(journal.rstrip(b"\x00").decode() == name and first == int(path.stem), f"{path} is another file than its name says")
    return seed


def frames_of(path, name, durable):
    """(type, number, capture id, head, body or None) of each record; None for a body that is in the spool."""
    seed = check_file(path, name)
    with path.open("rb") as file:
        file.seek(64)
        number = int(path.stem)
        while len(fixed := file.read(HEAD.size)) == HEAD.size and fixed[:4] != bytes(4):
            mark, kind, flags, _, head_size, crc, body_size, given, _, id_, _ = HEAD.unpack(fixed)
            whole = mark == b"CVR1" and given == number and head_size <= 1 << 24
            rest = file.read(head_size + body_size) if whole else b""
            begun = zlib.crc32(fixed[:12] + bytes(4) + fixed[16:], seed)
            if len(rest) != head_size + body_size or not whole or zlib.crc32(rest, begun) != crc:
                demand(number > durable, f"record {number} of {path} is damaged")
                return  # a torn tail: it was never acknowledged
            yield kind, number, id_, rest[:head_size], None if flags & IN_SPOOL else rest[head_size:]
            file.seek(-(HEAD.size + head_size + body_size) % 8, 1)
            number += 1


def journal_receipts(folder, sealed, problem):
    """(journal, number, head, body) of each receipt in the journals. sealed: {(journal, first)} of files that do not count."""
    for place in sorted(p for p in (folder / "journal").glob("*") if p.is_dir()):
        known = (place / "durable").read_bytes() if (place / "durable").exists() else b""
        durable = int.from_bytes(known, "little") if len(known) == 8 else 0
        for path in sorted(place.glob("*.log")):
            if (place.name, int(path.stem)) in sealed:
                continue
            try:
                for kind, number, id_, head, body in frames_of(path, place.name, durable):
                    if kind == RECEIPT:
                        yield place.name, number, head, (place / "spool" / id_.hex()).read_bytes() if body is None else body
            except (Unreadable, OSError) as error:
                problem(str(error))


# -- segments ----------------------------------------------------------------------------------------------------------------------


class Segment:
    """A sealed segment. plain(n): the decrypted and decompressed frame of that number."""

    def __init__(self, folder, masters, path):
        self.path, self.file = path, path.open("rb")
        start = self.file.read(32)
        demand(len(start) == 32 and start[:4] == b"CVS1", f"{path} is of no known version")
        demand(zlib.crc32(start[:4] + bytes(4) + start[8:]) == int.from_bytes(start[4:8], "little"), f"{path} is damaged")
        self.id = start[8:24]
        demand(self.id.hex() == path.stem, f"{path} is another segment than its name says")
        self.key = AESGCM(segment_key(folder, masters, self.id))
        self.places = self._places()

    def _places(self):
        """[(offset of the ciphertext, its length)] of the frames with records."""
        places, at = [], 32
        while True:
            self.file.seek(at)
            mark, number, size = struct.unpack("<4sIQ", self.file.read(16))
            demand(mark == b"CVF1", f"frame {len(places)} of {self.path} is damaged")
            if number >= NO_TABLE:
                return places
            demand(number == len(places), f"frame {len(places)} of {self.path} is missing")
            places.append((at + 16, size))
            at += 16 + size

    def plain(self, number):
        offset, size = self.places[number]
        self.file.seek(offset)
        try:
            packed = self.key.decrypt(number.to_bytes(12, "big"), self.file.read(size), self.id + struct.pack("<I", number))
        except InvalidTag:
            raise Unreadable(f"frame {number} of {self.path} was changed") from None
        return zstandard.ZstdDecompressor().decompress(packed)

    def receipts(self):
        """(journal, number, head, body) of each receipt."""
        for number in range(len(self.places)):
            for fields, block in warc(self.plain(number)):
                if fields["warc-type"] == "metadata":
                    head = block  # of the body that follows, maybe in the next frame
                elif fields["warc-type"] in ("resource", "revisit"):
                    place = json.loads(head)
                    yield place["journal"], place["number"], head, self._body(fields, block)

    def _body(self, fields, block):
        if fields["warc-type"] == "resource":
            return block
        frame, offset = map(int, re.findall(r"\d+", fields["civicmail-refers-to-place"]))
        _, first = next(warc(self.plain(frame), offset))
        return first


def warc(plain, at=0):
    """(fields by name in lower case, block) of each WARC record (ISO 28500:2017)."""
    while at < len(plain):
        end = plain.index(b"\r\n\r\n", at)
        version, *lines = plain[at:end].decode("utf-8").split("\r\n")
        demand(version == "WARC/1.1", f"a record at {at} is no WARC record")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = int(fields["content-length"])
        yield fields, plain[end + 4 : end + 4 + size]
        at = end + 4 + size + 4


def seal_state(folder):
    """(files of journals that do not count, prefix of segments that do not count, segments that do not count)."""
    path = folder / "segments" / "seal.json"
    if not path.exists():
        return set(), None, set()
    state = json.loads(path.read_text())
    demand(state["v"] == 1, "segments/seal.json is of no known version")
    if not state["committed"]:
        return set(), state["batch"], set()
    return {(journal, first) for journal, first, _ in state["files"]}, None, {gone[2] for gone in state.get("gone", ())}


def segment_receipts(folder, masters, unfinished, gone, problem):
    for path in sorted((folder / "segments").glob("*/*/*.seg")):
        if path.stem in gone or (unfinished and path.stem.startswith(unfinished)):
            continue
        try:
            segment = Segment(folder, masters, path)
            with segment.file:
                yield from segment.receipts()
        except (Unreadable, OSError, ValueError, KeyError, struct.error, zstandard.ZstdError) as error:
            problem(f"{path.name}: {error}")


# -- messages ----------------------------------------------------------------------------------------------------------------------


class Leaves:
    """The leaves of the ledger, by journal and number."""

    def __init__(self, folder):
        self.folder, self.files = folder / "ledger" / "leaves", {}

    def says(self, journal, number):
        """32 bytes, or None for a record that is not in the ledger yet."""
        path = self.folder / f"{journal}.bin"
        if journal not in self.files:
            self.files[journal] = path.open("rb") if path.exists() else None
        if (file := self.files[journal]) is None:
            return None
        file.seek(32 * (number - 1))
        leaf = file.read(32)
        return leaf if len(leaf) == 32 and any(leaf) else None


def read(folder, recovery, out, problem):
    """Print a line for each message; return how many there were."""
    demand((folder / "journal").is_dir() and (folder / "keys").is_dir(), f"{folder} is no data folder")
    sealed, unfinished, gone = seal_state(folder)
    masters, leaves, seen = master_keys(folder, recovery), Leaves(folder), set()
    sources = (segment_receipts(folder, masters, unfinished, gone, problem), journal_receipts(folder, sealed, problem))
    for source in sources:
        for journal, number, raw, body in source:
            if (journal, number) in seen:
                continue
            seen.add((journal, number))
            head, where = json.loads(raw), f"record {number} of journal {journal}"
            if head["v"] != 1 or (head["journal"], head["number"], head["type"]) != (journal, number, "receipt"):
                problem(f"{where}: its head is of no known version, or of another place")
                continue
            if len(body) != head["size"] or sha256(body).hexdigest() != head["sha256"]:
                problem(f"{where}: the message is not the one that was received")
                continue
            leaf = leaves.says(journal, number)
            if leaf is not None and leaf != sha256(b"\x00" + raw).digest():
                problem(f"{where}: its receipt is not the one in the ledger")
            if out:
                (out / f"{head['id']}.eml").write_bytes(body)
            shown = ("id", "journal", "number", "received", "class", "size", "sha256", "envelope")
            print(json.dumps({name: head[name] for name in shown}))
    return len(seen)


def main():
    parser = argparse.ArgumentParser(description="Read every message of an archive of Civicmail.")
    parser.add_argument("folder", type=Path, help="the data folder, or a copy of it")
    parser.add_argument("--out", type=Path, help="a folder for the messages")
    parser.add_argument("--recovery", help="a file with the recovery key, in place of keys/master.key")
    arguments = parser.parse_args()
    problems = 0

    def problem(text):
        nonlocal problems
        problems += 1
        print(text, file=sys.stderr)

    try:
        if arguments.out:
            arguments.out.mkdir(parents=True, exist_ok=True)
        count = read(arguments.folder, arguments.recovery, arguments.out, problem)
    except Unreadable as error:
        print(f"Nothing was read: {error}.", file=sys.stderr)
        return 2
    except (OSError, ValueError, KeyError) as error:
        print(f"Nothing was read: {type(error).__name__}: {error}.", file=sys.stderr)
        return 2
    print(f"{count} messages, {problems} problems", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
