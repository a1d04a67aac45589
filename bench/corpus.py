"""Mail for benchmarks: list mail of CIVICMAIL_CORPORA if present, else that of the sample city."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from civicmail.front.sample.mail import messages

LISTS = ("linux-man", "cygwin-patches", "open-iscsi", "osmocom-net-gprs")


def source() -> tuple[str, Iterator[bytes]]:
    """The name of the corpus, and its messages in order."""
    where = os.environ.get("CIVICMAIL_CORPORA", "")
    lists = [Path(where) / "lists" / name for name in LISTS]
    if where and all(path.is_dir() for path in lists):
        return "list mail", (raw for path in lists for raw in mboxrd(path))
    return "sample mail", (m.content for m in messages(1))


def maildir(folder: Path, count: int) -> tuple[str, int, int]:
    """Fill a Maildir; returns what mail it is, how many messages, how many bytes."""
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    name, messages = source()
    written = size = 0
    for raw in islice(messages, count):
        written += 1
        size += len(raw)
        (folder / "cur" / f"{written}.bench:2,S").write_bytes(raw)
    return name, written, size


def mboxrd(folder: Path) -> Iterator[bytes]:
    """Exact messages of a list: index.tsv has file, offset and raw length of each."""
    for row in (folder / "index.tsv").read_text(errors="replace").splitlines()[1:]:
        name, offset, length = row.split("\t")[:3]
        with (folder / name).open("rb") as box:
            box.seek(int(offset))
            quoted = box.read(int(length) + int(length) // 10 + 4096)
        yield re.sub(rb"(?m)^>(>*From )", rb"\1", quoted)[: int(length)]
