#!/usr/bin/env python3
"""Check an evidence pack, the evidence of a review of mail access, or the case file of a request for records, without Civicmail:
python verify_review.py FILE [--key KEY] [--checkpoint FILE] [--witness KEY …]

Needs Python 3.11 and `cryptography`. The format is docs/formats.md, "Review"; the hashing is RFC 9162, 2.1. Prints what is wrong, a
sentence a line, and one that says how it ended; ends with 0 when all is well, with 1 when not, with 2 when it cannot be read.
"""

import argparse
import base64
import binascii
import csv
import io
import json
import sys
import zipfile
import zlib
from bisect import bisect_left
from collections import Counter
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

REVIEW, CASE, LOG = "civicmail review 1", "civicmail case file 1", "civicmail evidence 1"
CONTENTS = {"definition.json", "questions.jsonl", "rows.csv", "reviewers.csv", "log.csv", "report.html"}
OTHERS = {"manifest.json", "SHA256SUMS", "README.txt", "entries.jsonl"}
ANSWERS = {"keep": "review.keep", "revoke": "review.revoke", "change": "review.change"}
SILENCE = ("review.deadline", "review.applied", "review.lapse")
MAX_BYTES = 500_000_000


class Wrong(Exception):
    """A check failed; the message says why."""


def demand(holds, why):
    if not holds:
        raise Wrong(why)


def read(path):
    """{name: content} of the zip, in which nothing is twice and nothing lies beside."""
    with zipfile.ZipFile(path) as file:
        names = file.namelist()
        demand(len(names) == len(set(names)), "a file is in the zip twice")
        demand(sum(i.file_size for i in file.infolist()) <= MAX_BYTES, "it is larger than any review")
        return {name: file.read(name) for name in names}


def digest(files):
    """As docs/formats.md has it: SHA-256 of the canonical JSON of name to SHA-256."""
    sums = {name: sha256(content).hexdigest() for name, content in files.items()}
    return sha256(json.dumps(sums, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def check_files(files, manifest):
    """The files are those that the manifest was written for, and no others."""
    listed, contents = manifest["files"], CONTENTS if manifest["v"] == REVIEW else set(manifest["contents"])
    expected = contents | {"entries.jsonl"} | ({"proofs.jsonl"} if manifest["proof"] else set())
    demand(set(listed) == expected, "the manifest names other files than it should")
    for name in sorted(expected | OTHERS):
        demand(name in files, f"{name} is missing")
    for name in sorted(set(files) - expected - OTHERS):
        raise Wrong(f"{name} is not in the manifest")
    for name in sorted(listed):
        demand(sha256(files[name]).hexdigest() == listed[name], f"{name} was changed")
    lines = files["SHA256SUMS"].decode().splitlines()
    sums = dict(reversed(line.split("  ", 1)) for line in lines)
    real = {name: sha256(content).hexdigest() for name, content in files.items() if name != "SHA256SUMS"}
    demand(sums == real, "SHA256SUMS says something else than the files")
    demand(
        digest({name: files[name] for name in contents}) == manifest["sha256"],
        "the checksum of the evidence is not that of its files",
    )


def check_rows(files, manifest):
    """Counts and questions fit. Returns the rows."""
    rows = list(csv.DictReader(io.StringIO(files["rows.csv"].decode())))
    counts = Counter({"rows": len(rows)})
    counts.update(f"state {row['state']}" for row in rows)
    counts.update(f"answer {row['answer']}" for row in rows if row["answer"])
    demand(dict(counts) == manifest["counts"], "the counts are not those of the rows")
    questions = files["questions.jsonl"].splitlines()
    demand(len(questions) == len(rows), "there are not as many questions as rows")
    for line, row in zip(questions, rows, strict=True):
        demand(
            json.loads(line)[2]["uid"] == row["person"].removeprefix("'"),
            f"row {row['row']} is about somebody else than its question",
        )
    return rows


def check_review(files, manifest):
    """Questions, answers and entries fit. Returns a sentence."""
    rows = check_rows(files, manifest)
    check_entries(files, manifest, rows)
    ended = f"closed {manifest['closed']}" if manifest["closed"] else "not closed yet"
    return f"{manifest['name']} of {manifest['city']}, {ended}: {len(rows)} questions, each answer in an entry of its giver."


def check_entries(files, manifest, rows):
    """Every answer is in an entry by whoever gave it; the entries that began and closed the review have its checksums."""
    heads = [json.loads(line) for line in files["entries.jsonl"].splitlines()]
    demand(len(heads) == manifest["entries"], "the manifest speaks of another number of entries")
    entries = [head["facts"] for head in heads]
    begun = [e for e in entries if e["act"] == "review.start"]
    demand(len(begun) == 1, "no entry says that the review began")
    snapshot = sha256(files["questions.jsonl"]).hexdigest()
    demand(begun[0]["facts"]["snapshot"] == snapshot, "the questions are not those that were asked when the review began")
    given = {(e["act"], row): e["person"] for e in entries for row in e["facts"].get("rows", [])}
    for row in rows:
        number, answer = int(row["row"]), row["answer"]
        if answer in ANSWERS:
            who = given.get((ANSWERS[answer], number))
            demand(who is not None, f"no entry has the answer about row {number}")
            demand(who == row["by"].removeprefix("'"), f"the answer about row {number} was somebody else's")
        elif answer:
            demand(any((act, number) in given for act in SILENCE), f"no entry says that silence fell on row {number}")
    closed = [e for e in entries if e["act"] == "review.close"]
    if manifest["closed"]:
        demand(len(closed) == 1, "no entry says that the review was closed")
        demand(closed[0]["facts"]["sha256"] == manifest["sha256"], "the evidence is not that with which the review was closed")
    return heads


def check_case(files, manifest):
    """The entries are those of the case, as many as the manifest says, and each table has as many rows. Returns a sentence."""
    entries = [json.loads(line)["facts"] for line in files["entries.jsonl"].splitlines()]
    demand(len(entries) == manifest["entries"], "the manifest speaks of another number of entries")
    demand({e["object"] for e in entries} <= {f"request:{manifest['key']}"}, "an entry is about something else")
    counts = {name: len(json.loads(files[f"data/{name}.json"])) for name in manifest["counts"]}
    demand(counts == manifest["counts"], "the counts are not those of the tables")
    return f"{manifest['name']} of {manifest['city']}: {counts['items']} documents, {counts['decisions']} decisions."


def check_log(files, manifest):
    """The entries are about what the pack is about, and the table has the same ones. Returns a sentence."""
    entries = [json.loads(line)["facts"] for line in files["entries.jsonl"].splitlines()]
    demand(len(entries) == manifest["entries"] == manifest["counts"]["rows"], "the manifest speaks of another number of entries")
    rows = list(csv.DictReader(io.StringIO(files["entries.csv"].decode())))
    demand([row["entry"] for row in rows] == [e["uuid"] for e in entries], "the table has other entries than the ledger")
    kind, key = manifest["kind"], manifest["key"]
    for e in entries:
        fits = {
            "person": key in (e["person"], e["behalf"]) or e["object"] == f"person:{key}",
            "examination": e["object"] == f"mandate:{key}",
            "month": kind == "month" and manifest["since"] <= e["at"] < manifest["until"],
        }[kind]
        demand(fits, f"entry {e['uuid']} is about something else")
    return f"{manifest['name']} of {manifest['city']}: {len(entries)} entries. LIMITS.txt says what they cannot show."


def check_proofs(files, given):
    """Each entry is in the ledger that the key signed. Returns name, size, root and time of the checkpoint."""
    lines = map(json.loads, files["proofs.jsonl"].splitlines())
    first = next(lines, {})
    demand(first.get("v") == "civicmail proofs 1", "the proofs are not of a version that is known here")
    key = base64.b64decode(first["key"], validate=True)
    demand(len(key) == 32, "the key is not 32 bytes long")
    demand(given is None or given == key, "the checkpoint is signed with another key than the one you trust")
    signed = read_note(first["checkpoint"], key)
    leaves = {}
    for line in files["entries.jsonl"].splitlines():
        head = json.loads(line)
        leaves[head["journal"], head["number"]] = sha256(b"\x00" + line).digest()
    entries = {}
    for batch in lines:
        raw = batch["entry"].encode()
        demand(batch["index"] not in entries, "a batch is told twice")
        entries[batch["index"]] = sha256(b"\x00" + raw).digest()
        check_batch(json.loads(raw), batch, leaves)
    demand(len(entries) == first["batches"], f"the proofs speak of {first['batches']} batches, there are {len(entries)}")
    demand(not leaves, f"nothing proves {len(leaves)} of the entries")
    if entries:
        demand(root_of(entries, signed[1], path_of(first)) == signed[2], "the batches are not in the ledger that was signed")
    return signed


def check_batch(entry, batch, leaves):
    """The records of a batch lead to the root in its entry; they are taken out of the leaves."""
    demand((entry["v"], entry["kind"]) == (1, "batch"), "an entry is not about a batch")
    at = {}
    for place in batch["records"]:
        leaf = leaves.pop((entry["journal"], entry["first"] + place), None)
        demand(leaf is not None, f"record {entry['first'] + place} of journal {entry['journal']} is proved, but not here")
        at[place] = leaf
    root = root_of(at, entry["count"], path_of(batch))
    demand(root is not None and root.hex() == entry["root"], "the ledger has other entries than these")


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


def read_key(given):
    """32 bytes from a file or base64; None when none was given."""
    if given is None:
        return None
    key = base64.b64decode((Path(given).read_text() if Path(given).is_file() else given).strip(), validate=True)
    demand(len(key) == 32, "the key that you gave is not 32 bytes long")
    return key


def plain(text):
    """Words of the file for a terminal: nothing in them can move the cursor, begin a line or hide others."""
    return "".join(c if c.isprintable() else f"<{ord(c):x}>" for c in text)


def when(ms):
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def check(arguments):
    """Return the sentences that say what was checked."""
    files = read(arguments.file)
    demand("manifest.json" in files, "manifest.json is missing")
    manifest = json.loads(files["manifest.json"])
    checks = {REVIEW: check_review, CASE: check_case, LOG: check_log}
    known = isinstance(manifest, dict) and manifest.get("v") in checks
    demand(known, "this is not the evidence of a review, a case file or an evidence pack, or of a version that is not known here")
    check_files(files, manifest)
    sentences = [checks[manifest["v"]](files, manifest)]
    if not manifest["proof"]:
        given = arguments.key or arguments.checkpoint or arguments.witness
        demand(not given, "it has no proofs to hold against the key, checkpoint or witness you gave")
        return [*sentences, "The ledger had not signed all of its entries when the file was made: ask for it again."]
    name, size, root, at = check_proofs(files, read_key(arguments.key))
    if arguments.checkpoint:
        text = Path(arguments.checkpoint).read_text(encoding="utf-8")
        key = base64.b64decode(json.loads(files["proofs.jsonl"].splitlines()[0])["key"], validate=True)
        _, known_size, other, _ = read_note(text, key)
        demand(known_size == size, f"the checkpoint you gave covers {known_size} entries, the proofs are for {size}")
        demand(other == root, "the checkpoint you gave and that of the proofs contradict each other: there are two ledgers")
    note = json.loads(files["proofs.jsonl"].splitlines()[0])["checkpoint"]
    times = {witness.partition("+")[0]: when(cosigned(note, witness)) for witness in arguments.witness}
    sentences += [f"{name} cosigned the ledger at {time}." for name, time in times.items()]
    ending = "signed by the key you gave." if arguments.key else "the key came with the file, so compare it."
    return [*sentences, f"All {manifest['entries']} entries were in {name} among its {size} at {when(at)}; {ending}"]


def main():
    parser = argparse.ArgumentParser(description="Check an evidence pack, the evidence of a review of mail access, or a case file.")
    parser.add_argument("file", help="the zip file")
    parser.add_argument("--key", help="the public key that you trust: a file or base64")
    parser.add_argument("--checkpoint", help="a checkpoint of the same size that you know from elsewhere")
    parser.add_argument("--witness", action="append", default=[], help="a witness that must have cosigned it: NAME+ID+KEY")
    arguments = parser.parse_args()
    try:
        sentences = check(arguments)
    except Wrong as why:
        print(plain(f"Not good: {why}."))
        return 1
    except OSError as error:
        print(f"Not checked: {error.filename} cannot be read.")
        return 2
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RuntimeError,
        EOFError,
        RecursionError,
        zipfile.BadZipFile,
        zlib.error,
        binascii.Error,
    ):
        print("Not good: something in the file is missing or is not what it should be.")
        return 1
    print(plain("Good: " + " ".join(sentences)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
