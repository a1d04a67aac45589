#!/usr/bin/env python3
"""Check a proof of Civicmail without Civicmail: python verify_proof.py PROOF [--message FILE] [--checkpoint FILE …] [--key KEY]
[--witness KEY …].

Needs Python 3.11 and `cryptography`. The format is docs/formats.md, "Proof", "Consistency" and "Cosignatures"; the hashing is
RFC 9162, 2.1. Prints one sentence; ends with 0 when the proof holds, with 1 when it does not, with 2 when it cannot be read.
"""

import argparse
import base64
import binascii
import json
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Wrong(Exception):
    """The proof does not hold; the message says why."""


def demand(holds, why):
    if not holds:
        raise Wrong(why)


def root_from(leaf, index, size, path):
    """The root to which an inclusion path leads (RFC 9162, 2.1.3.2), or None when it has the wrong length."""
    if not 0 <= index < size:
        return None
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            r = sha256(b"\x01" + p + r).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b"\x01" + r + p).digest()
        fn, sn = fn >> 1, sn >> 1
    return r if sn == 0 else None


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


def check_record(proof):
    """The head is in the batch that the entry names. Returns the head, read."""
    raw = proof["head"].encode()
    head, entry, batch = json.loads(raw), json.loads(proof["entry"]), proof["batch"]
    leaf = sha256(b"\x00" + raw).digest()
    demand(leaf.hex() == proof["leaf"], "the head is not the one that the proof was made for")
    demand((entry["v"], entry["kind"]) == (1, "batch"), "the entry is not about a batch")
    demand(batch["size"] == entry["count"], "the proof and the entry disagree about the size of the batch")
    root = root_from(leaf, batch["index"], batch["size"], path_of(batch))
    demand(root is not None and root.hex() == entry["root"], "the record is not in the batch")
    place = (entry["journal"], entry["first"] + batch["index"])
    demand((head["journal"], head["number"]) == place, "the head names another place than its own in the batch")
    return head


def check_ledger(proof, key):
    """The entry is in the tree that the key signed. Returns name, size, root and time of the checkpoint."""
    signed = read_note(proof["checkpoint"], key)
    _, size, expected, _ = signed
    part = proof["ledger"]
    demand(part["size"] == size, "the proof is for another size of the ledger than its checkpoint")
    leaf = sha256(b"\x00" + proof["entry"].encode()).digest()
    demand(root_from(leaf, part["index"], size, path_of(part)) == expected, "the entry is not in the ledger that was signed")
    return signed


def check_message(head, path):
    content = Path(path).read_bytes()
    demand(head["type"] == "receipt", "the record is not about a message that was received")
    demand(len(content) == head["size"], f"the file has {len(content)} bytes, the message that was kept has {head['size']}")
    demand(sha256(content).hexdigest() == head["sha256"], "the file is not the message that was kept, byte for byte")


def read_key(given, proof):
    """32 bytes: from a file, or base64, or the one that came with the proof."""
    text = proof["key"] if given is None else Path(given).read_text() if Path(given).is_file() else given
    key = base64.b64decode(text.strip(), validate=True)
    demand(len(key) == 32, "the key is not 32 bytes long")
    demand(base64.b64decode(proof["key"], validate=True) == key, "the proof was made with another key than the one you trust")
    return key


def when(ms):
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def check_older(arguments, proof, signed, key):
    given = [read_note(Path(path).read_text(encoding="utf-8"), key) for path in arguments.checkpoint]
    check_given(given, signed, part_of(proof, signed), [read_consistency(path, key) for path in arguments.consistency])


def by_witnesses(arguments, proof):
    times = [cosigned(proof["checkpoint"], witness) for witness in arguments.witness]
    return f", cosigned by {'the witness' if len(times) == 1 else 'all witnesses'} by {when(max(times))}" if times else ""


def check(arguments):
    """Return the sentence that says what was proved."""
    proof = json.loads(Path(arguments.proof).read_text(encoding="utf-8"))
    kind = proof.get("v") if isinstance(proof, dict) else None
    demand(kind in ("civicmail proof 1", "civicmail consistency 1"), "this is not a proof of a version that is known here")
    key = read_key(arguments.key, proof)
    if kind == "civicmail consistency 1":
        signed = name, size, _, at = read_note(proof["checkpoint"], key)
        check_older(arguments, proof, signed, key)
        demand(
            arguments.checkpoint and not arguments.message, "it has no record; give the checkpoints that you know from elsewhere"
        )
        seen = by_witnesses(arguments, proof)
        return f"Proved: {name} with its {size} entries at {when(at)}{seen} begins with each checkpoint that you gave."
    head = check_record(proof)
    signed = name, size, _, at = check_ledger(proof, key)
    check_older(arguments, proof, signed, key)
    if arguments.message:
        check_message(head, arguments.message)
    what = f"{head['type']} {head['id']} (record {head['number']} of journal {head['journal']})"
    sentence = f"Proved: {what} was in {name} among its {size} entries at {when(at)}"
    if arguments.message:
        sentence += ", and the file is that message byte for byte"
    if arguments.checkpoint:
        sentence += ", in one ledger with each checkpoint that you gave"
    sentence += by_witnesses(arguments, proof)
    return sentence + (", signed by the key you gave." if arguments.key else "; the key came with the proof, so compare it.")


def main():
    parser = argparse.ArgumentParser(description="Check a proof of Civicmail.")
    parser.add_argument("proof", help="the file that `civicmail prove` wrote")
    parser.add_argument("--message", help="a file with the exact bytes of the message")
    parser.add_argument("--checkpoint", action="append", default=[], help="a checkpoint that you know from elsewhere, of any size")
    parser.add_argument("--consistency", action="append", default=[], help="what `civicmail checkpoint prove` wrote for you")
    parser.add_argument("--key", help="the public key that you trust: a file or base64")
    parser.add_argument("--witness", action="append", default=[], help="a witness that must have cosigned it: NAME+ID+KEY")
    arguments = parser.parse_args()
    try:
        print(check(arguments))
    except Wrong as why:
        print(f"Not proved: {why}.")
        return 1
    except OSError as error:
        print(f"Not proved: {error.filename} cannot be read.")
        return 2
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, binascii.Error):
        print("Not proved: something in the proof is missing or is not what it should be.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
