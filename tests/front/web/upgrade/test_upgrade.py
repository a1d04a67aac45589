"""A release follows another on the same data folder, and gives it back (P-01, P-23)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from civicmail.core.config import formats, release
from civicmail.core.disk import frames
from civicmail.core.ledger import entries
from civicmail.front.cli.main import run
from civicmail.mail.search import schema
from front.web.upgrade.folders import RELEASES, called, is_continued, killed, ledger, messages, rights, unpack
from front.web.upgrade.killing import rows
from house.sources import PACKAGE, ROOT

OLD, NEW = RELEASES[0], 3
MESSAGES = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(OLD, tmp_path_factory.mktemp("release") / "data")


@pytest.mark.rule(
    "P-01",
    "The data folder of each earlier release opens in this one with the same mail, entries, signed roots and rights, and "
    "its tables as they were are there for going back.",
)
@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_the_folder_of_each_release_opens_in_this_one_and_goes_back(release: Path, tmp_path: Path) -> None:
    """The same mail, roots and rights; and the tables as they were lie beside the new ones, where a step changed them."""
    data, is_older = unpack(release, tmp_path / "data"), release == OLD
    had, tables = rights(data), rows(data / "city.sqlite3")
    signed = ledger(data)
    assert len(had[0]) > MESSAGES
    told = called(data, "migrate", "--check")
    assert told.returncode == 1 and "are saved first" in told.stdout
    assert ("access: 0023_letters" in told.stdout) == is_older
    assert rows(data / "city.sqlite3") == tables and not (data / "city.before").exists()
    done = called(data, "migrate")
    assert done.returncode == 0 and "were done" in done.stdout
    assert called(data, "migrate", "--check").returncode == 0
    assert rights(data) == had
    assert messages(data) > MESSAGES and is_continued(signed, ledger(data))
    assert rows(data / "city.before") == tables and (data / "city.before").stat().st_mode & 0o777 == 0o600
    shutil.move(data / "city.before", data / "city.sqlite3")  # as the page Upgrade and roll back says
    for left in ("city.sqlite3-wal", "city.sqlite3-shm"):
        (data / left).unlink(missing_ok=True)
    assert rights(data) == had and rows(data / "city.sqlite3") == tables


@pytest.mark.rule("P-23", "An upgrade of tables that is killed at any point continues at the next start, on SQLite and PostgreSQL.")
def test_an_upgrade_that_is_killed_between_a_step_and_its_note_goes_on(folder: Path, tmp_path: Path) -> None:
    """Django notes some steps behind their transaction; killed in between, no later start came through. tests/long
    kills it at each point."""
    old = folder / "city.sqlite3"
    each, now = killed(shutil.copytree(folder, tmp_path / "data"), old, "access.0025_throttles", "access.0026_identities")
    assert len(each) == 2 and now["before"] == rows(old)


def test_what_was_saved_is_not_replaced_by_half_changed_tables(folder: Path, tmp_path: Path) -> None:
    """The second start of an upgrade finds tables of which some are new already."""
    from civicmail.front.web.upgrade import _is_under_way

    mark = tmp_path / "upgrading"
    before = {("access", "0001_initial")}
    assert not _is_under_way(mark, before)
    mark.write_text(json.dumps({"v": 1, "from": sorted(before)}))
    assert not _is_under_way(mark, before)  # nothing was done yet: saved once more, for it may be older
    assert _is_under_way(mark, before | {("access", "0002_protect")})
    assert not _is_under_way(mark, {("web", "0001")})


@pytest.mark.rule(
    "P-23",
    "The copy made before an upgrade is never replaced by half-changed tables; without a copy nothing is changed.",
)
def test_where_the_tables_cannot_be_saved_they_are_not_changed(folder: Path, tmp_path: Path) -> None:
    data = shutil.copytree(folder, tmp_path / "data")
    tables = rows(data / "city.sqlite3")
    (data / ".city.before").mkdir()  # whatever keeps a file from being written there
    done = called(data, "migrate")
    assert done.returncode and done.stderr.count("\n") == 1
    assert rows(data / "city.sqlite3") == tables
    assert called(data, "migrate", "--unsaved").returncode == 0 and rows(data / "city.sqlite3") != tables


NEWER: dict[str, tuple[str, bytes | str]] = {
    "journal": ("journal/0001/0000000000000900.log", b"CVJ2"),
    "segment": ("segments/mail/*/*.seg", b"CVS2"),
    "segment key": ("keys/segments/*.key", b"CVK2"),
    "recovery": ("keys/recovery.json", "v"),
    "ledger": ("ledger/entries.log", b"CVL2"),
    "modes": ("directory.modes", "v"),
    "links": ("keys/links.json", "v"),
    "dkim": ("keys/dkim/keys.json", "v"),
    "approvals": ("policy/approvals.json", "v"),
}


@pytest.mark.rule(
    "P-23",
    "An older program neither reads nor writes a folder in which a newer one has changed a stored format, and states that "
    "in one sentence.",
)
@pytest.mark.parametrize("name", NEWER)
def test_an_older_program_neither_reads_nor_writes_a_later_format(folder: Path, tmp_path: Path, capsys: Any, name: str) -> None:
    """A journal of a later version looked torn, and was cut."""
    data = shutil.copytree(folder, tmp_path / "data")
    pattern, how = NEWER[name]
    changed = sorted(data.glob(pattern))
    if not changed:
        changed = [data / pattern]
        changed[0].parent.mkdir(exist_ok=True)
        changed[0].write_text("{}")
    for path in changed:
        if isinstance(how, bytes):
            path.write_bytes(how + path.read_bytes()[4:])
        else:
            path.write_text(json.dumps(json.loads(path.read_bytes()) | {how: NEW}))
    state = {path: path.read_bytes() for path in data.rglob("*") if path.is_file() and "leases" not in path.parts}
    for words in (["migrate", "--check"], ["tick"], ["run", "gateway"], ["verify"]):
        assert run([*words, "--data", str(data)]) == 3, words
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and "A newer Civicmail has written" in said and f"({name} " in said
    now = {path: path.read_bytes() for path in data.rglob("*") if path.is_file() and "leases" not in path.parts}
    assert now == state


def test_every_kept_format_is_among_those(folder: Path) -> None:
    assert {f.name for f in formats.FORMATS if not f.anew} == NEWER.keys()


def test_the_numbers_are_those_that_are_written(folder: Path) -> None:
    """Of a folder that a program has written, and of the modules that write."""
    data = folder
    seen = {f.name: f.read(data) for f in formats.FORMATS}
    assert {name: number for name, number in seen.items() if number is not None}.items() <= formats.numbers().items()
    assert {"segment", "segment key", "recovery", "ledger", "outstanding", "catalogue", "index", "snapshot"} <= {
        name for name, number in seen.items() if number
    }
    numbers = formats.numbers()
    assert numbers["index"] == schema.VERSION
    assert b"CVJ%d" % numbers["journal"] == frames.FILE_MAGIC and entries.FILE_MAGIC[:4] == b"CVL%d" % numbers["ledger"]


@pytest.mark.rule("P-29", "`civicmail --version` prints version, formats and tables as they are written.")
def test_version_says_version_commit_formats_and_tables(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a data folder, and without Django."""
    done = subprocess.run([sys.executable, "-X", "importtime", "-m", "civicmail.front.cli.main", "--version"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    first, formats_, tables = done.stdout.splitlines()
    assert first.split()[:2] == ["civicmail", release.VERSION] and "django" not in done.stderr
    assert formats_ == "formats: " + ", ".join(f"{name} {number}" for name, number in formats.numbers().items())
    assert tables == "tables: " + ", ".join(f"{room} {number}" for room, number in release.migrations().items())
    rooms = {path.parents[1].name for path in PACKAGE.glob("*/*/migrations/0001*.py")}
    assert release.migrations().keys() == rooms - {"identity"} | {"access"}
    assert re.fullmatch(r"\d+\.\d+\.\d+(-[0-9a-z.]+)?", release.VERSION)
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == release.VERSION
