"""A copy that somebody else could write to: what does not belong there is refused before anything is made of it (P-20, P-23)."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from civicmail.city.identity.database_backup import BACKUP_NAME, DATABASE
from civicmail.mail.replica.errors import NotACopy
from civicmail.mail.replica.restore import restore
from mail.replica.making import Town, folder_link, ship


@pytest.fixture
def copy(town: Town, tmp_path: Path) -> Path:
    made = tmp_path / "copy"
    with closing(folder_link(made)) as link:
        town.receive(3)
        ship(town, link)
    return made


@pytest.mark.rule("P-20, P-23", "A restore takes plain files alone from a copy, and follows no link in it.")
@pytest.mark.parametrize("put", [lambda path: path.symlink_to("/etc/passwd"), os.mkfifo], ids=["link", "pipe"])
@pytest.mark.parametrize("place", ["keys/extra", "access/snapshot", "segments/extra.seg"])
def test_whoever_wrote_a_link_into_the_copy_gets_no_file_of_this_machine(
    town: Town, copy: Path, tmp_path: Path, put: Callable[[Path], None], place: str
) -> None:
    """What restores may read more than who sends the copy; and nobody waits for a pipe."""
    (copy / place).parent.mkdir(exist_ok=True)
    (copy / place).unlink(missing_ok=True)
    put(copy / place)
    with pytest.raises(NotACopy, match="no plain file"):
        restore(copy, tmp_path / "new", now=town.clock())
    assert not (tmp_path / "new" / place).exists()


@pytest.mark.parametrize("said", ["", "[]", "{}", '{"said":1}', '{"said":{"entries":1}}'])
def test_what_the_old_one_said_has_to_be_readable(town: Town, copy: Path, tmp_path: Path, said: str) -> None:
    (copy / "standby" / "taken.json").write_text(said)
    with pytest.raises(NotACopy, match="cannot be read"):
        restore(copy, tmp_path / "new", now=town.clock())


@pytest.mark.rule("P-23", "A restore reports if the copy has no tables of people, or unreadable ones.")
def test_tables_of_people_that_cannot_be_read_are_named(town: Town, copy: Path, tmp_path: Path) -> None:
    """The new installation would come up, and nobody would have a mailbox."""
    (copy / BACKUP_NAME).write_bytes(b"x" * 9000)
    found = " ".join(restore(copy, tmp_path / "new", now=town.clock()).problems)
    assert DATABASE in found and "cannot be read" in found
    (copy / BACKUP_NAME).unlink()
    assert restore(copy, tmp_path / "newer", now=town.clock()).problems == [], "a city without people has none"
    (copy / "claimed").touch()
    assert BACKUP_NAME in " ".join(restore(copy, tmp_path / "newest", now=town.clock()).problems)
