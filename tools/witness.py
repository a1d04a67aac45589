#!/usr/bin/env python3
"""A witness for ledgers of Civicmail: it cosigns a checkpoint only if that continues the last one which it cosigned.

    python witness.py key FOLDER NAME                    make the witness's key; print its public key for the city
    python witness.py trust FOLDER KEY                   cosign the ledger with this public key: a file, or base64
    python witness.py serve FOLDER [--address HOST:PORT] answer cities, and raise alarms
    python witness.py status FOLDER                      one line for each ledger; ends with 1 if there is an alarm

Whoever runs it should be nobody who can change the city's machine: the clerk, an auditor, another city. Needs Python 3.11 and
`cryptography`. C2SP tlog-witness (POST /add-checkpoint), tlog-cosignature, tlog-checkpoint, signed-note; RFC 9162, 2.1.4.2.

FOLDER/ledgers/ORIGIN/ has the ledger's public key (key), its newest cosigned checkpoint (checkpoint), one line for every
cosignature (history: seconds since 1970, size, root), and each signed checkpoint that contradicts the others (contradictions/):
two signed statements that cannot both be true are evidence against whoever signed them.
"""

import argparse
import base64
import binascii
import fcntl
import os
import shlex
import ssl
import subprocess
import sys
import threading
import time
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

DASH = "\N{EM DASH} "
MAX_BODY = 65_536
CLOCKS_DIFFER = 600
"""Seconds between the time in a checkpoint and ours above which one of the two clocks is wrong."""
BACKWARD = 5
"""Seconds that our clock may go back; above that we cosign nothing, because the time is what we testify."""


class Refused(Exception):
    """A request that is not cosigned. status: of HTTP; body: of the answer; alarm: what it contradicts, or empty."""

    def __init__(self, status, body, alarm=""):
        self.status, self.body, self.alarm = status, body, alarm


class Note:
    """A checkpoint: origin, size, root, at (seconds since 1970), text (what is signed), signatures (lines)."""

    def __init__(self, note):
        self.text, empty, signatures = note.partition("\n\n")
        lines = self.text.split("\n")
        if not empty or len(lines) < 3 or not lines[1].isdecimal() or str(int(lines[1])) != lines[1]:
            raise Refused(400, "not a checkpoint\n")
        self.text += "\n"
        self.origin, self.size = lines[0], int(lines[1])
        self.root = unbase64(lines[2])
        if len(self.root) != 32:
            raise Refused(400, "the root is not 32 bytes\n")
        times = [line[3:] for line in lines[3:] if line.startswith("at ") and line[3:].isdecimal()]
        self.at = int(times[0]) / 1000 if times else None
        self.signatures = [line for line in signatures.split("\n") if line.startswith(DASH)]

    def signature_by(self, key):
        """The line with a valid signature of the ledger with this public key, or None."""
        for line in self.signatures:
            name, _, blob = line.removeprefix(DASH).rpartition(" ")
            blob = unbase64(blob)
            if name == self.origin and blob[:4] == key_id(name, b"\x01", key):
                try:
                    Ed25519PublicKey.from_public_bytes(key).verify(blob[4:], self.text.encode())
                    return line
                except InvalidSignature:
                    continue
        return None


def unbase64(text):
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(400, "not base64\n") from None


def key_id(name, kind, public):
    return sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def continues(old, old_root, size, root, path):
    """Whether the path proves that the tree of `size` begins with that of `old` (RFC 9162, 2.1.4.2)."""
    if old == 0:
        return not path
    if old == size:
        return old_root == root and not path
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


def write(path, content, mode=0o644):
    """Replace a file durably."""
    new = path.with_name(path.name + ".new")
    with open(new, "wb", opener=lambda p, flags: os.open(p, flags, mode)) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def append(path, line):
    with open(path, "a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


class Ledger:
    """What we know of one city's ledger. newest: the last checkpoint that we cosigned, or None; cosigned: when, in seconds."""

    def __init__(self, folder):
        self.folder, self.origin = folder, folder.name
        self.key = base64.b64decode((folder / "key").read_text())
        self.newest, self.cosigned = None, 0
        if (folder / "checkpoint").exists():
            self.newest = Note((folder / "checkpoint").read_text(encoding="utf-8"))
            self.cosigned = max(int.from_bytes(unbase64(line.rpartition(" ")[2])[4:12]) for line in self.newest.signatures[1:])

    @property
    def size(self):
        return self.newest.size if self.newest else 0

    @property
    def contradictions(self):
        return sorted((self.folder / "contradictions").glob("*.note"))


class Witness:
    """The state of a witness's folder. tell: receives each alarm."""

    def __init__(self, folder, tell=lambda text: None):
        self.folder, self.tell = folder, tell
        self.name, seed = (folder / "witness.key").read_text(encoding="utf-8").split("\n")[:2]
        self.key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed))
        self.public = self.key.public_key().public_bytes_raw()
        self.ledgers = {f.name: Ledger(f) for f in sorted((folder / "ledgers").glob("*")) if (f / "key").exists()}
        self.lock = threading.Lock()

    @property
    def verifier_key(self):
        """As C2SP signed-note writes it: name+key ID+base64 of type and public key."""
        kind = b"\x04"
        return f"{self.name}+{key_id(self.name, kind, self.public).hex()}+{base64.b64encode(kind + self.public).decode()}"

    def add_checkpoint(self, body, now):
        """Cosign a checkpoint; return the signature line. now: seconds since 1970. Raises Refused."""
        head, empty, rest = body.partition("\n\n")
        old, *path = head.split("\n")
        if not empty or not old.startswith("old ") or not old[4:].isdecimal() or str(int(old[4:])) != old[4:] or len(path) > 63:
            raise Refused(400, "not a request of tlog-witness\n")
        old, path, note = int(old[4:]), [unbase64(line) for line in path], Note(rest)
        ledger = self.ledgers.get(note.origin)
        if ledger is None:
            raise Refused(404, "this ledger is unknown here\n")
        own = note.signature_by(ledger.key)
        if own is None:
            raise Refused(403, "no signature of this ledger's key\n")
        if old > note.size:
            raise Refused(400, "the old size is larger than that of the checkpoint\n")
        with self.lock:  # of what we cosigned, the size is compared and replaced by one request at a time
            try:
                return self._cosign(ledger, old, path, note, own, int(now))
            except Refused as refusal:
                if refusal.alarm:
                    self._keep(ledger, note, own, refusal.alarm)
                raise

    def _cosign(self, ledger, old, path, note, own, now):
        known = ledger.newest
        conflict = f"{ledger.size}\n"
        if known and note.size == known.size and note.root != known.root:
            raise Refused(409, conflict, f"two signed checkpoints of {note.size} entries differ: there are two ledgers")
        if known and note.size < known.size and (note.at or 0) > (known.at or 0):
            raise Refused(409, conflict, f"after {known.size} entries it signed {note.size}: it was set back, or its clock jumped")
        if old != ledger.size:
            raise Refused(409, conflict)
        if not continues(old, known.root if known else b"", note.size, note.root, path):
            self.tell(f"{ledger.origin}: {note.size} entries came without a proof that they continue the {old} cosigned ones")
            raise Refused(422, "the proof of consistency does not hold\n")  # the city's word or anybody's: no contradiction yet
        if now < ledger.cosigned - BACKWARD:
            self.tell(f"{ledger.origin}: the clock of the witness went back; it cosigns nothing until that is mended")
            raise Refused(503, "the clock of the witness went back\n")
        if note.at is not None and abs(note.at - now) > CLOCKS_DIFFER:
            self.tell(f"{ledger.origin}: its clock and ours differ by {abs(note.at - now):.0f} seconds")
        signature = self.key.sign(f"cosignature/v1\ntime {now}\n{note.text}".encode())
        blob = key_id(self.name, b"\x04", self.public) + now.to_bytes(8) + signature
        line = f"{DASH}{self.name} {base64.b64encode(blob).decode()}\n"
        text = f"{note.text}\n{own}\n{line}"
        append(ledger.folder / "history", f"{now} {note.size} {base64.b64encode(note.root).decode()}")
        write(ledger.folder / "checkpoint", text.encode())
        ledger.newest, ledger.cosigned = Note(text), now
        return line

    def _keep(self, ledger, note, own, why):
        """Keep a signed checkpoint that cannot be true beside the newest cosigned one."""
        place = ledger.folder / "contradictions"
        place.mkdir(exist_ok=True)
        kept = place / f"{sha256(note.text.encode()).hexdigest()[:16]}.note"
        if not kept.exists():
            write(kept, f"{note.text}\n{own}\n".encode())
            self.tell(f"{ledger.origin}: {why} (kept as {kept})")

    def lines(self, now, silence):
        """(sentence, whether it is an alarm) of each ledger."""
        for ledger in self.ledgers.values():
            if ledger.contradictions:
                yield f"{ledger.origin}: {len(ledger.contradictions)} signed checkpoints contradict what was cosigned", True
            if ledger.newest is None:
                yield f"{ledger.origin}: nothing cosigned yet", False
            else:
                age = now - ledger.cosigned
                when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(ledger.cosigned))
                silent = f", nothing for {age / 60:.0f} minutes" if age > silence else ""
                yield f"{ledger.origin}: {ledger.size} entries, cosigned {when}{silent}", age > silence


class Alarms:
    """Tell people: FOLDER/alarms, standard error, and a command that gets the text on standard input."""

    def __init__(self, folder, command):
        self.path, self.command, self.told = folder / "alarms", shlex.split(command), {}

    def tell(self, text):
        """The same text at most once an hour."""
        now = time.monotonic()
        if now - self.told.get(text, -3600) < 3600:
            return
        self.told[text] = now
        line = f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}"
        append(self.path, line)
        print(line, file=sys.stderr, flush=True)
        if self.command:
            try:
                subprocess.run(self.command, input=text + "\n", text=True, timeout=60, check=True)
            except (OSError, subprocess.SubprocessError) as error:
                print(f"the alarm command failed: {type(error).__name__}", file=sys.stderr, flush=True)


def handler(witness, silence):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version, sys_version = "civicmail-witness", ""
        timeout = 20

        def do_POST(self):
            size = self.headers.get("Content-Length", "")
            if self.path != "/add-checkpoint" or not size.isdecimal() or int(size) > MAX_BODY:
                self.close_connection = True
                return self.answer(404 if self.path != "/add-checkpoint" else 413, "POST /add-checkpoint, 64 KiB at most\n")
            try:
                line = witness.add_checkpoint(self.rfile.read(int(size)).decode("utf-8"), time.time())
                self.answer(200, line)
            except Refused as refusal:
                kind = "text/x.tlog.size" if refusal.status == 409 else "text/plain; charset=utf-8"
                self.answer(refusal.status, refusal.body, kind)
            except UnicodeDecodeError:
                self.answer(400, "not UTF-8\n")
            except OSError as error:
                witness.tell(f"the witness cannot write: {error.strerror}")
                self.answer(503, "the witness cannot write\n")

        def do_GET(self):
            ledger = witness.ledgers.get(self.path.strip("/").removesuffix("/checkpoint"))
            if self.path == "/":
                self.answer(200, "".join(f"{text}\n" for text, _ in witness.lines(time.time(), silence)))
            elif ledger is not None and ledger.newest is not None and self.path.endswith("/checkpoint"):
                self.answer(200, (ledger.folder / "checkpoint").read_text(encoding="utf-8"))
            else:
                self.answer(404, "GET / or /ORIGIN/checkpoint\n")

        def answer(self, status, body, kind="text/plain; charset=utf-8"):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            """Nothing: what was cosigned is in the history."""

    return Handler


def serve(arguments):
    lock = open(arguments.folder / "lock", "w")  # noqa: SIM115 - held until the process ends
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("Another process serves this folder.")
    alarms = Alarms(arguments.folder, arguments.alarm)
    witness = Witness(arguments.folder, alarms.tell)
    host, _, port = arguments.address.rpartition(":")
    server = ThreadingHTTPServer((host.strip("[]"), int(port)), handler(witness, arguments.silence))
    if arguments.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate, arguments.private_key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"{witness.verifier_key} at {host}:{server.server_address[1]}", flush=True)
    while True:
        time.sleep(min(60, max(1, arguments.silence // 4)))
        for text, is_alarm in witness.lines(time.time(), arguments.silence):
            if is_alarm:
                alarms.tell(text.partition(", cosigned")[0] + (": silent" if "nothing for" in text else ""))


def make_key(arguments):
    if any(c.isspace() or c == "+" for c in arguments.name) or not arguments.name:
        sys.exit("The name may have neither spaces nor plus signs: witness.county.example/w1.")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    (arguments.folder / "ledgers").mkdir(exist_ok=True)
    path = arguments.folder / "witness.key"
    if path.exists():
        sys.exit(f"{path} is there already.")
    seed = Ed25519PrivateKey.generate().private_bytes_raw()
    write(path, f"{arguments.name}\n{base64.b64encode(seed).decode()}\n".encode(), 0o600)
    print(Witness(arguments.folder).verifier_key)


def trust(arguments):
    text = Path(arguments.key).read_text() if Path(arguments.key).is_file() else arguments.key
    key = unbase64(text.strip())
    if len(key) != 32:
        sys.exit("The key is not 32 bytes in base64.")
    folder = arguments.folder / "ledgers" / f"civicmail-ledger-{sha256(key).hexdigest()[:16]}"
    folder.mkdir(exist_ok=True)
    write(folder / "key", base64.b64encode(key) + b"\n")
    print(folder.name)


def status(arguments):
    lines = list(Witness(arguments.folder).lines(time.time(), arguments.silence))
    for text, is_alarm in lines:
        print(f"{'ALARM ' if is_alarm else ''}{text}")
    return 1 if any(is_alarm for _, is_alarm in lines) else 0


def main():
    parser = argparse.ArgumentParser(description="A witness for ledgers of Civicmail.")
    verbs = parser.add_subparsers(required=True)
    for verb, run, more in (("key", make_key, "name"), ("trust", trust, "key"), ("serve", serve, ""), ("status", status, "")):
        sub = verbs.add_parser(verb)
        sub.add_argument("folder", type=Path)
        sub.set_defaults(run=run)
        if more:
            sub.add_argument(more)
        if verb in ("serve", "status"):
            sub.add_argument("--silence", type=int, default=3600, help="seconds without a checkpoint that are an alarm")
        if verb == "serve":
            sub.add_argument("--address", default="127.0.0.1:8790", help="where cities are answered; port 0: any")
            sub.add_argument("--alarm", default="", help="a command that gets each alarm on standard input")
            sub.add_argument("--certificate", help="a PEM file with the certificate chain, for https")
            sub.add_argument("--private-key", help="a PEM file with its key")
    arguments = parser.parse_args()
    try:
        return arguments.run(arguments)
    except Refused as refusal:
        sys.exit(refusal.body.strip())
    except OSError as error:
        sys.exit(f"{error.filename or 'The network'}: {error.strerror}.")
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
