"""Real mail: mbox files give the exact bytes that their index names, and a whole pack imports without a failure."""

from __future__ import annotations

import json
import os
import random
import re
from hashlib import sha256
from pathlib import Path

import pytest

from civicmail.front.cli.main import run
from civicmail.mail.importers import mbox
from civicmail.mail.importers.walk import SourceMessage, walk

pytestmark = pytest.mark.corpora
LISTS = ("cygwin-patches", "linux-man", "osst-users", "open-iscsi", "osmocom-net-gprs")
SETS = {"spamassassin": 6047, "bounces_sisimai": None, "cwl_scam_corpus": 1005, "enron_maildir": 2195}


def _corpora() -> Path:
    return Path(os.environ["CIVICMAIL_CORPORA"])


@pytest.mark.parametrize("name", LISTS)
def test_every_message_of_a_list_has_the_bytes_that_the_index_says(name: str) -> None:
    rows = [row.split("\t") for row in (_corpora() / "lists" / name / "index.tsv").read_text(errors="replace").splitlines()[1:]]
    by_file: dict[str, list[tuple[int, int]]] = {}
    for row in rows:
        by_file.setdefault(row[0], []).append((int(row[1]), int(row[2])))
    for file, wanted in by_file.items():
        content = (_corpora() / "lists" / name / file).read_bytes()
        kind = mbox.kind_of(content)
        places = list(mbox.places(content, kind))
        assert kind == "mboxrd"
        assert [place.start for place in places] == [start for start, _ in wanted]
        for place, (start, length) in zip(places, wanted, strict=True):
            quoted = content[start : start + length + length // 10 + 4096]
            assert mbox.content(content, place, kind) == re.sub(rb"(?m)^>(>*From )", rb"\1", quoted)[:length]


def test_a_pack_imports_without_a_failure_and_comes_back(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    data = str(tmp_path / "data")
    paths = [_corpora() / name for name in SETS]
    assert run(["init", "--data", data]) == 0
    assert run(["import", *map(str, paths), "--data", data, "--json"]) == 0
    totals = json.loads(capfdbinary.readouterr().out)
    found = [item for path in paths for item in walk(path) if isinstance(item, SourceMessage)]
    assert totals == {"read": len(found), "stored": len(found), "known": 0, "failed": 0}
    for name, count in SETS.items():
        if count is not None:
            assert sum(isinstance(item, SourceMessage) for item in walk(_corpora() / name)) == count
    for item in random.Random(7).sample(found, 60):
        assert run(["show", sha256(item.content).hexdigest(), "--raw", "--data", data]) == 0
        assert capfdbinary.readouterr().out == item.content
    assert run(["import", *map(str, paths), "--data", data, "--json"]) == 0
    assert json.loads(capfdbinary.readouterr().out)["stored"] == 0
