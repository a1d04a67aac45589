#!/usr/bin/env python3
"""Check an export of Civicmail without Civicmail: python verify_export.py FOLDER_OR_ZIP [--key KEY] [--manifest SHA256] …

Needs Python 3.11 and `cryptography`. The format is docs/formats.md, "Export", "Consistency"; the hashing is RFC 9162, 2.1. Prints
what is wrong, a sentence a line, and how it ended; ends with 0 when all is well, with 1 when not, with 2 when it cannot be read.
"""

import argparse
import base64
import binascii
import json
import lzma
import struct
import sys
import zipfile
import zlib
from bisect import bisect_left
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_PROBLEMS = 20
UNPACKING = (binascii.Error, lzma.LZMAError, struct.error, zlib.error)
OWN = {"manifest.json", "messages.jsonl", "heads.jsonl", "proofs.jsonl", "SHA256SUMS", "README.txt"}


class Wrong(Exception):
    """A check failed; the message says why."""


def demand(holds, why):
    if not holds:
        raise Wrong(why)


class Folder:
    def __init__(self, path):
        self.path = path

    def strange(self):
        return []

    def names(self):
        return [p.relative_to(self.path).as_posix() for p in self.path.rglob("*") if p.is_symlink() or not p.is_dir()]

    def open(self, name):
        return open(self.path / name, "rb")


class Zip:
    def __init__(self, path):
        self.zip = zipfile.ZipFile(path)
        self.path = path

    def strange(self):
        """What lies in the file beside its members: a reader that goes from one to the next shows none of it."""
        at, entries = 0, sorted(self.zip.infolist(), key=lambda e: e.header_offset)
        with open(self.path, "rb") as f:
            for e in entries:
                f.seek(e.header_offset)
                head = f.read(30)
                if e.header_offset != at or len(head) < 30 or head[:4] != b"PK\x03\x04" or e.comment:
                    return ["there are bytes in the zip file that belong to none of its files"]
                at = f.seek(e.header_offset + 30 + sum(struct.unpack_from("<HH", head, 26)) + e.compress_size)
                if e.flag_bits & 8:  # its sizes stand behind it
                    signed = 4 if f.read(4) == b"PK\x07\x08" else 0
                    at += signed + (20 if max(e.compress_size, e.file_size) >= 0xFFFFFFFF else 12)
        whole = at == self.zip.start_dir and not self.zip.comment
        return [] if whole else ["there are bytes in the zip file that belong to none of its files"]

    def names(self):
        return self.zip.namelist()

    def open(self, name):
        return self.zip.open(name)


class Check:
    """problems: sentences, of which the first twenty are printed."""

    def __init__(self, place):
        self.place = place
        self.problems = []
        listed = place.names()
        self.problems += place.strange()
        self.there = set(listed)
        for name in sorted({n for n in listed if listed.count(n) > 1} if len(listed) != len(self.there) else ()):
            self.problems.append(f"{name} is there more than once")

    def digest(self, name, limit=None):
        """(SHA-256, bytes) of a file; it is read no further than it may be long."""
        h, size = sha256(), 0
        with self.place.open(name) as f:
            while piece := f.read(1 << 20):
                h.update(piece)
                size += len(piece)
                if limit is not None and size > limit:
                    break
        return h.hexdigest(), size

    def lines(self, name):
        demand(name in self.there, f"{name} is missing")
        with self.place.open(name) as f:
            yield from f

    def lists(self, manifest):
        """The lists are those that the manifest was written for."""
        for name, expected in manifest["files"].items():
            demand(name in self.there, f"{name} is missing")
            demand(self.digest(name)[0] == expected, f"{name} is not the one that the manifest was written for")
        required = {"messages.jsonl", *(("heads.jsonl", "proofs.jsonl") if manifest["proof"] else ())}
        demand(set(manifest["files"]) == required, "the manifest names other lists than it should")

    def messages(self, manifest):
        """Each message is there with its exact bytes, and nothing else is. Returns the lines of the list."""
        rows = [json.loads(line) for line in self.lines("messages.jsonl")]
        stated = manifest["counts"]["messages"]
        demand(len(rows) == stated, f"the manifest speaks of {stated} messages, the list has {len(rows)}")
        demand(len({r["id"] for r in rows}) == len(rows), "a message is in the list twice")
        total = 0
        for n, row in enumerate(rows, 1):
            name = row["file"]
            demand((row["n"], name) == (n, f"messages/{n:06}.eml"), f"line {n} of messages.jsonl is about another number")
            if name not in self.there:
                self.problems.append(f"{name} is missing")
                continue
            try:
                digest, size = self.digest(name, row["size"])
            except (zipfile.BadZipFile, EOFError, *UNPACKING):
                self.problems.append(f"{name} was changed: it cannot be unpacked any more")
                continue
            if size != row["size"]:
                self.problems.append(f"{name} has {'more' if size > row['size'] else 'fewer'} bytes than the {row['size']} listed")
            elif digest != row["sha256"]:
                self.problems.append(f"{name} was changed: its bytes are not those that are listed")
            total += row["size"]
        self.problems += [f"{name} is not in the list" for name in sorted(self.there - OWN - {r["file"] for r in rows})]
        demand(total == manifest["counts"]["bytes"], "the manifest speaks of another number of bytes than the list")
        return rows

    def sums(self, manifest_sum, rows, manifest):
        """SHA256SUMS says the same as the manifest."""
        listed = dict(reversed(line.decode().rstrip("\n").split("  ", 1)) for line in self.lines("SHA256SUMS"))
        expected = {r["file"]: r["sha256"] for r in rows} | manifest["files"] | {"manifest.json": manifest_sum}
        expected["README.txt"] = self.digest("README.txt")[0] if "README.txt" in self.there else "missing"
        mismatched = sorted(name for name in listed.keys() | expected.keys() if listed.get(name) != expected.get(name))
        self.problems += [f"SHA256SUMS has another checksum of {name}, or none" for name in mismatched]

    def proofs(self, rows, given):
        """Each message is in the ledger that the key signed. Returns name, size, root and time of the checkpoint."""
        lines = map(json.loads, self.lines("proofs.jsonl"))
        first = next(lines, {})
        demand(first.get("v") == "civicmail proofs 1", "the proofs are not of a version that is known here")
        key = base64.b64decode(first["key"], validate=True)
        demand(len(key) == 32, "the key is not 32 bytes long")
        demand(given is None or given == key, "the checkpoint is signed with another key than the one you trust")
        signed = read_note(first["checkpoint"], key)
        leaves = self.leaves(rows)
        entries = {}
        for batch in lines:
            raw = batch["entry"].encode()
            demand(batch["index"] not in entries, "a batch is told twice")
            entries[batch["index"]] = sha256(b"\x00" + raw).digest()
            self.batch(json.loads(raw), batch, leaves)
        demand(len(entries) == first["batches"], f"the proofs speak of {first['batches']} batches, there are {len(entries)}")
        missing = sorted(n for n, _ in leaves.values())
        demand(not missing, f"nothing proves messages/{(missing or [0])[0]:06}.eml, and {len(missing) - 1} more")
        if entries:
            demand(root_of(entries, signed[1], path_of(first)) == signed[2], "the batches are not in the ledger that was signed")
        return signed

    def leaves(self, rows):
        """{(journal, number): (n, leaf)} of the heads, which must be about the messages in the list, line by line."""
        hashes = {}
        heads = [line.rstrip(b"\n") for line in self.lines("heads.jsonl")]
        demand(len(heads) == len(rows), f"there are {len(heads)} heads for {len(rows)} messages")
        for row, raw in zip(rows, heads, strict=True):
            head = json.loads(raw)
            same = [head["type"], head["id"], head["sha256"], head["size"], when(head["received"])]
            mine = ["receipt", row["id"], row["sha256"], row["size"], row["received"]]
            demand(same == mine, f"the head in line {row['n']} of heads.jsonl is not about {row['file']}")
            demand(head["basis"] == row["basis"], f"the list has another basis of {row['file']} than its head")
            who = (head["envelope"]["from"], [r["a"] for r in head["envelope"]["to"]])
            demand(who == (row["from"], row["to"]), f"the list has another envelope of {row['file']} than its head")
            hashes[head["journal"], head["number"]] = (row["n"], sha256(b"\x00" + raw).digest())
        demand(len(hashes) == len(rows), "two messages have the same place in a journal")
        return hashes

    @staticmethod
    def batch(entry, batch, leaves):
        """The records of a batch lead to the root in its entry; they are taken out of the leaves."""
        demand((entry["v"], entry["kind"]) == (1, "batch"), "an entry is not about a batch")
        at = {}
        for place in batch["records"]:
            hash_ = leaves.pop((entry["journal"], entry["first"] + place), None)
            demand(hash_ is not None, f"record {entry['first'] + place} of journal {entry['journal']} is proved, but not here")
            at[place] = hash_
        root = root_of({place: leaf for place, (_, leaf) in at.items()}, entry["count"], path_of(batch))
        names = ", ".join(f"messages/{n:06}.eml" for n, _ in list(at.values())[:3])
        demand(root is not None and root.hex() == entry["root"], f"the ledger has other records than those of {names} …")


def root_of(leaves, size, path):
    """The root to which leaves {index: hash} and their shared path lead (docs/formats.md, "Proofs of many"), or None."""
    numbers, rest = sorted(leaves), iter(path)
    if not numbers or numbers[0] < 0 or numbers[-1] >= size:
        return None

    def root(start, end, low, high):
        if low == high:
            return next(rest)
        if end - start == 1:
            return leaves[start]
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        between = bisect_left(numbers, middle, low, high)
        left = root(start, middle, low, between)
        return sha256(b"\x01" + left + root(middle, end, between, high)).digest()

    try:
        computed = root(0, size, 0, len(numbers))
    except StopIteration:
        return None
    return computed if next(rest, None) is None else None


def continues(old, old_root, size, root, path):
    """Whether the path proves that the tree of `size` begins with that of `old` (RFC 9162, 2.1.4.2)."""
    if not 0 < old < size:
        return old == size and old_root == root and not path
    rest = path if old & (old - 1) else [old_root, *path]
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = rest[0] if rest else b""
    for p in rest[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = sha256(b"\x01" + p + fr).digest(), sha256(b"\x01" + p + sr).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = sha256(b"\x01" + sr + p).digest()
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old_root and sr == root


def begins_with(part, known):
    """Whether the ledger of a part (size, root, paths) begins with that of a checkpoint; None where the part does not say."""
    size, root, paths = part
    if known[1] == size:
        return known[2] == root
    return continues(known[1], known[2], size, root, paths[known[1]]) if known[1] in paths else None


def check_given(given, signed, part, others):
    """Each checkpoint that was given is of the ledger that was signed, by its own proofs of consistency or by those of others."""
    for known in given:
        answers = [begins_with(part, known)]
        for other in others:
            both = (begins_with(other, known), begins_with(other, signed))
            answers.append(None if None in both else all(both))
        sizes = f"the checkpoint of {known[1]} entries that you gave and that of {signed[1]} here"
        demand(False not in answers, f"{sizes} contradict each other: there are two ledgers, or one that was rewritten")
        demand(
            True in answers, f"nothing here proves that {sizes} are of one ledger; have the city prove it to you (--consistency)"
        )


def part_of(plain, signed):
    """(size, root, {size of an older checkpoint: path}) of whatever has proofs of consistency."""
    return signed[1], signed[2], {note["size"]: path_of(note) for note in plain.get("consistency", ())}


def read_consistency(path, key):
    """The part of a file that `civicmail checkpoint prove` wrote."""
    plain = json.loads(Path(path).read_text(encoding="utf-8"))
    demand(plain["v"] == "civicmail consistency 1", "what you gave with --consistency is not of a version that is known here")
    return part_of(plain, read_note(plain["checkpoint"], key))


def path_of(part):
    path = [bytes.fromhex(p) for p in part["path"]]
    demand(all(len(p) == 32 for p in path), "a hash of a path is not 32 bytes long")
    return path


def read_note(note, key):
    """(name, size, root, time in ms) of a checkpoint signed by key (C2SP signed-note)."""
    text, _, signatures = note.partition("\n\n")
    lines = text.split("\n")
    demand(len(lines) == 4 and lines[3].startswith("at "), "the checkpoint is not one of a Civicmail ledger")
    name = lines[0]
    demand(name == "civicmail-ledger-" + sha256(key).hexdigest()[:16], "the checkpoint belongs to another key")
    key_hash = sha256(name.encode() + b"\n\x01" + key).digest()[:4]
    for line in signatures.splitlines():
        if line.startswith(f"\N{EM DASH} {name} "):
            blob = base64.b64decode(line.rpartition(" ")[2], validate=True)
            try:
                Ed25519PublicKey.from_public_bytes(key).verify(blob[4:], (text + "\n").encode())
            except InvalidSignature:
                continue
            if blob[:4] == key_hash:
                return name, int(lines[1]), base64.b64decode(lines[2], validate=True), int(lines[3][3:])
    raise Wrong("the signature of the checkpoint is not good")


def cosigned(note, witness):
    """When a witness cosigned the checkpoint, in ms (C2SP tlog-cosignature). witness: NAME+ID+KEY."""
    name, _, encoded = witness.split("+", 2)
    public = base64.b64decode(encoded, validate=True)[1:]
    key_id = sha256(name.encode() + b"\n\x04" + public).digest()[:4]
    text, _, signatures = note.partition("\n\n")
    for line in signatures.splitlines():
        if line.startswith(f"\N{EM DASH} {name} "):
            blob = base64.b64decode(line.rpartition(" ")[2], validate=True)
            at = int.from_bytes(blob[4:12], "big")
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(blob[12:], f"cosignature/v1\ntime {at}\n{text}\n".encode())
            except InvalidSignature:
                continue
            if blob[:4] == key_id:
                return at * 1000
    raise Wrong(f"the witness {name} did not cosign the checkpoint")


def plain(text):
    """Words of the export for a terminal: nothing in them can move the cursor, begin a line or hide others."""
    return "".join(c if c.isprintable() else f"<{ord(c):x}>" for c in text)


def when(ms):
    moment = datetime.fromtimestamp(max(0, min(ms, 253_402_300_799_999)) / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_key(given):
    """32 bytes from a file or base64; None when none was given."""
    if given is None:
        return None
    key = base64.b64decode((Path(given).read_text() if Path(given).is_file() else given).strip(), validate=True)
    demand(len(key) == 32, "the key that you gave is not 32 bytes long")
    return key


def check(checked, arguments):
    """Return the sentences that say what was checked; problems are in `checked`."""
    demand("manifest.json" in checked.there, "manifest.json is missing")
    with checked.place.open("manifest.json") as f:
        raw = f.read()
    manifest = json.loads(raw)
    known = isinstance(manifest, dict) and manifest.get("v") == "civicmail export 1"
    demand(known, "this is not an export of a version that is known here")
    digest = sha256(raw).hexdigest()
    demand(arguments.manifest in (None, digest), "the manifest is not the one whose checksum you gave")
    checked.lists(manifest)
    rows = checked.messages(manifest)
    checked.sums(digest, rows, manifest)
    count = f"{len(rows)} message{'' if len(rows) == 1 else 's'}"
    of = manifest["counts"]["found"]
    sentences = [f"{count} of {of} found, byte for byte as listed; made {manifest['made']} by {manifest['city']}."]
    if manifest["counts"]["failed"]:
        sentences.append(f"{manifest['counts']['failed']} more could not be read when it was made; the manifest names them.")
    if left_out := manifest["coverage"].get("privileged"):
        sentences.append(f"{left_out} more were left out as privileged.")
    if manifest["proof"]:
        signed = name, size, _, at = checked.proofs(rows, read_key(arguments.key))
        first = json.loads(next(iter(checked.lines("proofs.jsonl"))))
        key = base64.b64decode(first["key"], validate=True)
        given = [read_note(Path(path).read_text(encoding="utf-8"), key) for path in arguments.checkpoint]
        check_given(given, signed, part_of(first, signed), [read_consistency(path, key) for path in arguments.consistency])
        ending = "signed by the key you gave." if arguments.key else "the key came with the export, so compare it."
        times = [cosigned(first["checkpoint"], witness) for witness in arguments.witness]
        who = "the witness" if len(times) == 1 else "all witnesses"
        ending = (f"cosigned by {who} by {when(max(times))}; " if times else "") + ending
        ending = ("in one ledger with each checkpoint that you gave; " if given else "") + ending
        sentences.append(f"Each was in {name} among its {size} entries at {when(at)}; {ending}")
    else:
        given = arguments.key or arguments.checkpoint or arguments.witness
        demand(not given, "it has no proofs to hold against the key, checkpoint or witness you gave")
        sentences.append("There is no proof in this export that they were kept.")
    if arguments.manifest is None:
        sentences.append(f"Nobody signs the list itself: compare the manifest's checksum, {digest}, with what the city tells you.")
    return sentences


def main():
    parser = argparse.ArgumentParser(description="Check an export of Civicmail.")
    parser.add_argument("export", help="the folder or the zip file")
    parser.add_argument("--key", help="the public key that you trust: a file or base64")
    parser.add_argument("--manifest", help="the SHA-256 of manifest.json that you were told")
    parser.add_argument("--checkpoint", action="append", default=[], help="a checkpoint that you know from elsewhere, of any size")
    parser.add_argument("--consistency", action="append", default=[], help="what `civicmail checkpoint prove` wrote for you")
    parser.add_argument("--witness", action="append", default=[], help="a witness that must have cosigned it: NAME+ID+KEY")
    arguments = parser.parse_args()
    problems, sentences = [], []
    try:
        place = Path(arguments.export)
        checked = Check(Folder(place) if place.is_dir() else Zip(place))
        problems = checked.problems
        sentences = check(checked, arguments)
    except Wrong as why:
        problems.append(str(why))
    except OSError as error:
        print(f"Not checked: {error.filename} cannot be read.")
        return 2
    except zipfile.BadZipFile:
        problems.append("the zip file is damaged")
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError, EOFError, *UNPACKING):
        problems.append("something in the export is missing or is not what it should be")
    for problem in problems[:MAX_PROBLEMS]:
        print(plain(f"Wrong: {problem}."))
    if len(problems) > MAX_PROBLEMS:
        print(f"And {len(problems) - MAX_PROBLEMS} more of this kind.")
    ending = (
        f"Not good: {len(problems)} problem{'' if len(problems) == 1 else 's'}." if problems else "Good: " + " ".join(sentences)
    )
    print(plain(ending))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
