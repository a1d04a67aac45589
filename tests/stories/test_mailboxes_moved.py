"""Mail is brought over from Dovecot by IMAP with OAuth 2.0, by a command that is killed twice: 0 lost, 0 twice (P-23, P-24)."""

from __future__ import annotations

import imaplib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture
from civicmail.mail.importers.remote.imap import utf7
from civicmail.mail.importers.walk import SourceMessage, walk
from neighbours.civic import PROGRAM, civicmail
from neighbours.dovecot import Dovecot
from neighbours.scratch import installation
from neighbours.tokens import TokenServer

MESSAGES = int(os.environ.get("CIVICMAIL_MOVED", "300"))
"""As many as a test of every change can wait for; `make city` moves 20,000 of real mail."""
ANN = "ann.lee@old.example"
FOLDERS = {"": "INBOX", ".Sent": "Sent", ".Projects.2019": "Projects/2019", ".&ANY-ffentlich": "Öffentlich"}
"""Folder of a Maildir -> its path."""
FLAGS = {"": (), "S": ("\\Seen",), "FS": ("\\Flagged", "\\Seen"), "RS": ("\\Answered", "\\Seen")}
KILLED_AT = (0.1, 0.5)
"""Of all messages, what is written down as archived when the command is killed."""
Key = tuple[str, str, int]
"""SHA-256, folder, which of the equal messages in it."""


def _messages() -> Iterator[bytes]:
    if MESSAGES > 1000:
        corpora = Path(os.environ["CIVICMAIL_CORPORA"])
        for name in ("spamassassin", "enron_spam_raw", "enron_maildir", "cwl_scam_corpus", "lists"):
            yield from (item.content for item in walk(corpora / name) if isinstance(item, SourceMessage))
        return
    for n in range(MESSAGES):
        head = f"From: Bo Ek <bo@out.example>\r\nTo: {ANN}\r\nSubject: Pump {n}\r\nMessage-ID: <{n}@out.example>\r\n"
        yield (head + "\r\n" + f"Pump station {n} reports.\r\n" * (1 + n % 20 * 300)).encode()


def _fill(home: Path) -> None:
    """Every tenth message is also in a second folder, every 97th is twice in its own."""
    folders, flags = list(FOLDERS), list(FLAGS)
    for folder in FOLDERS:
        for sub in ("cur", "new", "tmp"):
            (home / folder / sub).mkdir(parents=True)
    for n, content in enumerate(islice(_messages(), MESSAGES)):
        folder = folders[n % 3]
        places = [(folder, f"{n:06}.a")]
        places += [(folders[3], f"{n:06}.b")] if n % 10 == 0 else []
        places += [(folder, f"{n:06}.c")] if n % 97 == 5 else []
        for where, name in places:
            path = home / where / "cur" / f"{1_600_000_000 + n}.{name}.old:2,{flags[n % 4]}"
            path.write_bytes(content)
            os.utime(path, (1_600_000_000 + n, 1_600_000_000 + n))
    for path in [home.parent, *home.parent.rglob("*")]:
        shutil.chown(path, "nobody", "nogroup")


def _there(dovecot: Dovecot, token: str) -> dict[Key, tuple[str, ...]]:
    """What another client of IMAP gets: the flags of each message."""
    wire = imaplib.IMAP4("127.0.0.1", dovecot.imap)
    found: dict[Key, tuple[str, ...]] = {}
    seen: Counter[tuple[str, str]] = Counter()
    try:
        wire.authenticate("XOAUTH2", lambda _: f"user={ANN}\1auth=Bearer {token}\1\1".encode())
        for folder in FOLDERS:
            name = folder.lstrip(".") or "INBOX"
            count = int(wire.select(f'"{name}"', readonly=True)[1][0] or 0)
            for first in range(1, count + 1, 500):
                for part in wire.fetch(f"{first}:{min(first + 499, count)}", "(FLAGS BODY.PEEK[])")[1]:
                    if isinstance(part, tuple):
                        digest, path = sha256(part[1]).hexdigest(), utf7(name).replace(".", "/")
                        flags = re.search(rb"FLAGS \(([^)]*)\)", part[0])
                        assert flags is not None
                        own = sorted(f.decode() for f in flags[1].split() if f != b"\\Recent")
                        found[digest, path, seen[digest, path]] = tuple(own)
                        seen[digest, path] += 1
    finally:
        wire.logout()
    return found


class Mover:
    """The command, as its own process on a data folder."""

    def __init__(self, data: Path, source: Path) -> None:
        self.data = data
        self._line = [PROGRAM, "import-mailboxes", str(source), "--data", str(data), "--report", str(data.parent / "report.json")]

    def written(self) -> int:
        return sum(path.read_bytes().count(b"\n") - 1 for path in (self.data / "mailboxes").glob("*.lines"))

    def killed_at(self, least: int) -> int:
        """SIGKILL to it and its readers as soon as so many messages are written down; how many are."""
        process = subprocess.Popen(self._line, start_new_session=True, stderr=subprocess.PIPE)
        end = time.monotonic() + 240
        while self.written() < least:
            assert process.poll() is None, process.stderr and process.stderr.read()
            assert time.monotonic() < end, "it brings over"
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return self.written()

    def report(self, code: int = 0) -> dict[str, Any]:
        done = subprocess.run(self._line, capture_output=True, timeout=280)
        assert done.returncode == code, done.stderr[-2000:]
        said: dict[str, Any] = json.loads((self.data.parent / "report.json").read_text())
        return said


def _kept(data: Path) -> dict[Key, tuple[str, ...]]:
    """What the archive has, by where it lay, with flags; a message that is there twice fails."""
    found: dict[Key, tuple[str, ...]] = {}

    def damaged(error: Exception) -> None:
        raise error

    for stored in Machine(data).all_captures(damaged):
        capture = Capture.from_head(stored.head)
        assert capture.occurrence is not None and capture.custodian == ANN
        for label in capture.labels:
            key = sha256(stored.body).hexdigest(), label, capture.occurrence.ordinal
            assert key not in found, "twice"
            found[key] = tuple(sorted(capture.flags))
    return found


@pytest.mark.neighbour("dovecot")
def test_a_mailbox_is_brought_over_although_the_command_is_killed_twice(tmp_path: Path) -> None:
    """What the source has is in the archive once, with its folders and flags; the report says so, and a run afterwards
    stores nothing."""
    data = installation(tmp_path / "data")
    (tmp_path / "secret").write_text("client-secret\n")
    with TokenServer(ANN) as tokens, Dovecot(introspection=f"{tokens.url}/introspect") as dovecot:
        tokens.lasts = 125  # is replaced while it works
        home = dovecot.folder / "mail" / ANN
        _fill(home / "Maildir")
        _, said = tokens._token({"grant_type": "client_credentials", "client_secret": "client-secret"})
        wanted = _there(dovecot, said["access_token"])
        source = tmp_path / "old.toml"
        source.write_text(
            f'kind = "imap"\nserver = "imap://127.0.0.1:{dovecot.imap}"\nlogin = "xoauth2"\nmailboxes = ["{ANN}"]\n'
            f'[token]\nurl = "{tokens.url}/token"\nclient_id = "mover"\nclient_secret_file = "{tmp_path}/secret"\n'
        )
        mover = Mover(data, source)
        at = [mover.killed_at(int(len(wanted) * part)) for part in KILLED_AT]
        assert 0 < at[0] < at[1] < len(wanted), "it was killed in the middle"
        begun = time.monotonic()
        report = mover.report()
        took = time.monotonic() - begun
        again = mover.report()
    kept = _kept(data)
    assert kept.keys() == wanted.keys()
    copies = defaultdict[tuple[str, int], set[str]](set)
    for (digest, _, rank), flags in wanted.items():
        copies[digest, rank] |= set(flags)
    assert all(set(flags) == copies[key[0], key[2]] for key, flags in kept.items())
    totals = report["totals"]
    print(f"killed at {at} of {len(wanted)}; the rest took {took:.1f} s; {totals}")
    assert report["whole"] and totals["listed"] == totals["archived"] == len(wanted) and not totals["missing"]
    assert totals["known"] + totals["stored"] + totals["copies"] == len(wanted)
    assert report["mailboxes"][0]["folders"] == dict(Counter(folder for _, folder, _ in wanted))
    assert again["whole"] and again["totals"]["stored"] == 0 and again["totals"]["known"] == len(wanted)
    hits = civicmail("search", 'folder:"öffentlich"', "--json", "--limit", "100000", data=data).stdout.splitlines()
    assert len(hits) == len({(digest, rank) for digest, folder, rank in wanted if folder == "Öffentlich"})
    civicmail("verify", data=data)
