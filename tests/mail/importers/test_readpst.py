"""PST and OST files give what a second reader gives, item by item (P-24): readpst of libpst, which shares nothing with ours."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from civicmail.core.message import message_parser
from civicmail.core.message.model import ParsedMessage
from civicmail.mail.importers.pst import DAMAGED
from civicmail.mail.importers.walk import Skipped, SourceMessage, walk

pytestmark = [pytest.mark.corpora, pytest.mark.neighbour("readpst")]
_LEFT_OUT = ("IPM.DistList",)  # by readpst
_PASSED_OVER = {"Test_part1.pst/Contacts": 2}  # contacts that readpst does not see, or sees nothing in
_MADE = ("message/rfc822", "application/rtf", "text/calendar", "text/vcard")  # what one of the two made itself, out of properties


def _stores() -> list[Path]:
    found = {}
    for path in sorted(Path(os.environ.get("CIVICMAIL_CORPORA", "/nonexistent")).rglob("*")):
        if path.suffix.lower() in {".pst", ".ost"} and path.is_file():
            found.setdefault(sha256(path.read_bytes()).digest(), path)
    return list(found.values())


def _facts(message: ParsedMessage) -> tuple[object, ...]:
    """What two readers of the same item must agree on."""
    files = [a for a in message.attachments if a.filename != "rtf-body.rtf" and a.content_type not in _MADE]
    return (
        " ".join(message.subject.split()),
        message.message_id.strip("<> "),
        tuple(sorted(a.addr.lower() for a in message.from_ if "@" in a.addr)),
        tuple(sorted(sha256(a.content).hexdigest() for a in files if a.content)),
        tuple(sorted(" ".join(child.subject.split()) for child in message.children)),
    )


def test_every_store_equals_the_second_reader_item_by_item(tmp_path: Path) -> None:
    stores = _stores()
    assert len(stores) >= 15
    compared = 0
    for number, store in enumerate(stores):
        out = tmp_path / str(number)
        out.mkdir()
        # -j 0: processes of readpst share a place in the file and read past each other
        said = subprocess.run(
            ["readpst", "-j", "0", "-e", "-D", "-q", "-o", str(out), str(store)], capture_output=True, check=False
        )
        items = list(walk(store))
        if said.returncode:  # it has no index that readpst could use
            assert [item.why for item in items if isinstance(item, Skipped)] == [DAMAGED], store.name
            continue
        theirs: Counter[str] = Counter()
        mail: Counter[tuple[object, ...]] = Counter()
        dates: set[tuple[object, ...]] = set()
        for file in out.rglob("*"):
            if file.is_file():
                folder = "/".join([store.name, *file.relative_to(out).parts[1:-1]])
                theirs[folder] += 1
                if file.suffix == ".eml":
                    message = message_parser.parse(file.read_bytes())
                    mail[folder, *_facts(message)] += 1
                    dates |= {(folder, *_facts(message), message.date)} if message.date else set()
        ours = Counter(
            i.folder for i in items if isinstance(i, SourceMessage) and (i.properties or {}).get("0x001a") not in _LEFT_OUT
        )
        assert theirs - ours == Counter(), store.name
        assert ours - theirs == Counter({f: n for f, n in _PASSED_OVER.items() if f in ours})
        assert not [item for item in items if isinstance(item, Skipped) and item.failed]
        letters = [(i.folder, message_parser.parse(i.content)) for i in items if isinstance(i, SourceMessage)]
        assert mail - Counter((folder, *_facts(message)) for folder, message in letters) == Counter(), store.name
        assert dates <= {(folder, *_facts(message), message.date) for folder, message in letters}, store.name
        compared += mail.total()
    assert compared > 100
