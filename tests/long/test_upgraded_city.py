"""A city of the release before, with all the mail of the corpora and its people, is upgraded and taken back, by both programs
(P-01, P-23; docs/operate/upgrade.md)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from front.web.upgrade.folders import RELEASES, called, is_continued, ledger, messages, rights
from house.sources import ROOT

OLD = RELEASES[0].name.partition(".")[0]
"""A commit."""
MAIL = ("lists", "enron_maildir", "enron_spam_raw", "spamassassin", "cwl_scam_corpus", "bounces_sisimai")
_MAKE = "import sys; from pathlib import Path; import release_folder; release_folder.make(Path(sys.argv[1]), Path(sys.argv[2]))"
_FIND = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from civicmail.core.query.parse import parse
from civicmail.mail.search.counts import count
from civicmail.mail.search.reader import Reader
print(count(Reader(Path(sys.argv[1])), parse("the OR from:com", now=datetime(2026, 11, 30, tzinfo=UTC))))
"""
pytestmark = pytest.mark.timeout(3600)


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources of that release."""
    place = tmp_path_factory.mktemp("older")
    pack = place / "source.tar"
    subprocess.run(["git", "archive", f"--output={pack}", OLD, "src"], cwd=ROOT, check=True)
    with tarfile.open(pack) as packed:
        packed.extractall(place, filter="data")
    return place / "src"


@pytest.mark.corpora
@pytest.mark.neighbour("git")
def test_a_city_is_upgraded_and_taken_back_with_all_its_mail(corpora: Path, older: Path, tmp_path: Path) -> None:
    """The same roots, counts and rights after each way."""
    data = tmp_path / "data"
    for name in MAIL:
        shutil.copytree(corpora / name, tmp_path / "mail" / name, copy_function=os.link)
    environment = os.environ | {"PYTHONPATH": f"{older}:{ROOT / 'tools'}"}
    subprocess.run([sys.executable, "-c", _MAKE, data, tmp_path / "mail"], env=environment, check=True)
    had, signed, count = rights(data), ledger(data), messages(data, older)
    found = _count(data, older)
    assert count > 20_000 and len(had[0]) > 100
    assert called(data, "migrate").returncode == 0
    assert (rights(data), messages(data)) == (had, count) and is_continued(signed, ledger(data))
    assert called(data, "rebuild", "index").returncode == 0
    assert _count(data) == found
    for left in ("city.sqlite3-wal", "city.sqlite3-shm"):
        (data / left).unlink(missing_ok=True)
    shutil.move(data / "city.before", data / "city.sqlite3")
    assert (rights(data), messages(data, older)) == (had, count) and is_continued(signed, ledger(data))
    assert called(data, "rebuild", "index", source=older).returncode == 0
    assert _count(data, older) == found


def _count(data: Path, source: Path | None = None) -> int:
    """What a question finds in the whole archive, by one program or the other."""
    environment = os.environ | ({"PYTHONPATH": str(source)} if source else {})
    done = subprocess.run([sys.executable, "-c", _FIND, data], env=environment, capture_output=True, text=True, check=True)
    return int(done.stdout)
