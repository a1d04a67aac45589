"""Pack the data folder of a small city as this release writes it, for tests/releases, where later releases open it.

    .venv/bin/python tools/release_folder.py tests/releases/0.1.0.tar.xz [--mail FOLDER]

Run it with the program of the release. People, roles and mail are invented, and so are the keys. --mail: import the messages of a
folder instead, which makes the folder as large as they are.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from civicmail.core.config.clock import now_ms
from civicmail.front.cli.main import run

COUNT = 40
LEFT_OUT = {"leases", "extracted", "heartbeats"}
"""Locks, and files that can be rebuilt."""


def write_mail(folder: Path) -> Path:
    """Write some invented messages."""
    folder.mkdir()
    for n in range(COUNT):
        words = [f"Message-ID: <{n}@city.example>", f"Subject: Snow plan, street {n}", "From: Ana Ruiz <ana.ruiz@city.example>"]
        words += ["To: ben@city.example", f"Date: Mon, 30 Nov 2026 10:{n:02}:00 +0000", "", f"Street {n} is cleared at night.", ""]
        (folder / f"{n:03}.eml").write_bytes("\r\n".join(words).encode())
    return folder


def make(data: Path, mail: Path) -> None:
    """A claimed installation with people and mail, all of it sealed, signed and indexed."""
    for words in (["init"], ["import", str(mail), "--custodian", "ana.ruiz@city.example"]):
        if code := run([*words, "--data", str(data)]):
            sys.exit(code)
    from civicmail.front.web.start import prepare

    prepare(data)
    from civicmail.front.sample.people import SAMPLE
    from civicmail.front.sample.staff import populate

    populate(now_ms(), SAMPLE)
    for _ in range(2):  # the second round signs and seals what the first has written
        if code := run(["tick", "--data", str(data)]):
            sys.exit(code)


def pack(data: Path, out: Path) -> None:
    """Pack everything except locks."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(out, "w:xz", preset=9) as pack_:
        for path in sorted(data.rglob("*")):
            name = path.relative_to(data)
            if path.is_file() and name.parts[0] not in LEFT_OUT and name.name != "lock":
                pack_.add(path, str(name))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the file to write")
    parser.add_argument("--mail", type=Path, help="a folder of messages")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        data = Path(place) / "data"
        make(data, arguments.mail or write_mail(Path(place) / "mail"))
        with closing(sqlite3.connect(data / "city.sqlite3")) as tables:
            tables.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pack(data, arguments.out)


if __name__ == "__main__":
    main()
