"""The development sets outlook, files and torture: totals balance, and what fails is truly unreadable, with its reason (P-23)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from civicmail.front.cli.main import run
from civicmail.mail.importers.pst import DAMAGED
from civicmail.mail.importers.walk import Skipped, SourceMessage, walk

pytestmark = [pytest.mark.corpora, pytest.mark.timeout(300)]
OUTLOOK = ("aspose-net", "java-libpst", "ms-outlook-pst-rs", "poi", "tika-mail", "tnefparse")
FILES = ("attachments", "charset", "dlp_pii", "html_address_misc", "loadfiles", "protocol", "redaction")
TORTURE = (
    "cpython",
    "enmime",
    "mime4j",
    "mimekit",
    "nodemailer-mailparser",
    "perl-mime-tools-testmsgs",
    "ruby-mail",
    "stalwart-mail-parser",
)
# A store of which a writer left no index that leads anywhere; what lies in them is found without it.
OLM = "it is an archive of Outlook for Mac (OLM), which cannot be read; export it as mbox"
UNREADABLE = {"AddingBulkMessagesWithImprovedPerformance.pst": DAMAGED, "SampleOLM.olm": OLM}


def _corpora() -> Path:
    return Path(os.environ["CIVICMAIL_CORPORA"])


@pytest.mark.parametrize("sets", [OUTLOOK, FILES, TORTURE], ids=["outlook", "files", "torture"])
def test_a_set_imports_with_balanced_totals_and_is_known_afterwards(
    sets: tuple[str, ...], tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    data, manifest = str(tmp_path / "data"), tmp_path / "m.jsonl"
    paths = [str(_corpora() / name) for name in sets if (_corpora() / name).exists()]
    assert len(paths) > 3
    assert run(["init", "--data", data]) == 0
    capfdbinary.readouterr()
    first = []
    for again in (False, True):
        run(["import", *paths, "--data", data, "--json", "--manifest", str(manifest)])
        totals = json.loads(capfdbinary.readouterr().out)
        *lines, last = [json.loads(line) for line in manifest.read_text().splitlines()]
        assert last["report"]["balanced"] and last["report"]["items"] == len(lines)
        assert totals["read"] == totals["stored"] + totals["known"] + totals["failed"] > 100
        assert totals["stored"] == 0 if again else totals["known"] == 0
        failed = [line for line in lines if line["status"] == "failed"]
        assert len(failed) == totals["failed"]
        assert [line for line in failed if UNREADABLE.get(Path(line["item"]).name) != line["reason"]] == []
        first.append(last["report"]["sha256_of_items"])
    assert first[0] == first[1]


def test_a_store_that_is_cut_in_half_gives_what_it_has_and_says_so(tmp_path: Path) -> None:
    stores = sorted((_corpora() / "aspose-net" / "Outlook").glob("*.[po]st"))
    assert stores
    for store in stores:
        half = tmp_path / store.name
        whole = store.read_bytes()
        half.write_bytes(whole[: len(whole) // 2])
        items = list(walk(half))
        assert any(isinstance(item, Skipped) for item in items)
        assert all(item.why for item in items if isinstance(item, Skipped))
        assert len([item for item in items if isinstance(item, SourceMessage)]) <= len(list(walk(store)))
