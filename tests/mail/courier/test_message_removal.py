"""Delivered copies are taken back out of their mailboxes and put back as they were; the archive is not touched (P-31)."""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from civicmail.core.config.errors import ConfigError
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.machine import Machine
from civicmail.mail.courier.imap_mailboxes import ImapServer, not_personal
from civicmail.mail.courier.mailbox_copies import MaildirMailbox
from civicmail.mail.courier.message_removal import MessageRemoval, RemovalRequest
from mail.courier.conftest import TEXT, Town
from neighbours.dovecot import PASSWORD, Dovecot

SAID = RemovalRequest("7", "p-security", "It is a fraud.")
ANN = "ann@city.example"


def delivered(town: Town, *to: str, text: bytes = TEXT) -> bytes:
    """A message that lies in the mailboxes."""

    async def go() -> bytes:
        id_ = town.keep(*(to or (ANN,)), sender="heron@shop.example", kind="mx", text=text)
        async with town.courier():
            await town.ends(id_)
        return id_

    return asyncio.run(go())


def cur(town: Town, local: str = "ann") -> Path:
    return town.data / "maildir" / "city.example" / local / "cur"


def pulled(town: Town) -> set[tuple[bytes, int]]:
    return {(e.id, i) for e in outstanding_file.current(town.data).pulled() for i, c in e.copies.items() if c.is_pulled}


@pytest.mark.rule("P-31, promise 2", "A restored copy equals the delivered one, byte for byte, with flags and time.")
def test_a_copy_goes_out_of_its_mailbox_and_comes_back_as_it_was(town: Town) -> None:
    """With its flags, its time and every byte that had left; the archive has the message all the while."""
    id_ = delivered(town)
    name = str(uuid.UUID(bytes=id_))
    (before,) = town.mailbox("ann")
    (cur(town).parent / "new" / name).rename(cur(town) / f"{name}:2,FS")
    os.utime(cur(town) / f"{name}:2,FS", (1_700_000_000, 1_700_000_000))
    pulling = MessageRemoval(town.settings, town.data, town.clock)
    assert pulling.remove(id_, 0, SAID) == "taken"
    assert town.mailbox("ann") == [] and pulled(town) == {(id_, 0)} and Machine(town.data).body(id_) == TEXT
    assert pulling.restore(id_, 0, SAID) == "back"
    (path,) = cur(town).iterdir()
    assert (path.name, path.read_bytes(), path.stat().st_mtime) == (f"{name}:2,FS", before, 1_700_000_000)
    assert pulled(town) == set() and pulling.restore(id_, 0, SAID) == "nothing"


@pytest.mark.rule("P-31", "Restoring leaves unread copies unread, and does not restore copies that their owner had removed.")
def test_what_nobody_had_read_is_unread_again_and_what_its_owner_removed_stays_removed(town: Town) -> None:
    """An undo gives nobody anything that they had thrown away; My mail has both again."""
    one, two = delivered(town), delivered(town, "bob@city.example")
    (cur(town, "bob").parent / "new" / str(uuid.UUID(bytes=two))).unlink()
    pulling = MessageRemoval(town.settings, town.data, town.clock)
    assert [pulling.remove(id_, 0, SAID) for id_ in (one, two)] == ["taken", "gone"]
    assert pulled(town) == {(one, 0), (two, 0)}
    assert [pulling.restore(id_, 0, SAID) for id_ in (one, two)] == ["back", "back"]
    assert [p.parent.name for p in cur(town).parent.glob("*/*")] == ["new"] and town.mailbox("bob") == []
    assert pulled(town) == set()


@pytest.mark.rule(
    "P-31, promise 1",
    "The place of a copy is recorded before it is removed, so that an interrupted removal continues.",
)
def test_who_dies_between_the_record_and_the_mailbox_goes_on(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record of where it lay is durable first; a second round removes what is left, and an undo knows the flags."""
    id_ = delivered(town)
    name = str(uuid.UUID(bytes=id_))
    (cur(town).parent / "new" / name).rename(cur(town) / f"{name}:2,S")

    class Dead(Exception):
        pass

    def dies(*_: object) -> None:
        raise Dead

    first = MessageRemoval(town.settings, town.data, town.clock)
    with monkeypatch.context() as patch:
        patch.setattr(MaildirMailbox, "remove", dies)
        with pytest.raises(Dead):
            first.remove(id_, 0, SAID)
    assert pulled(town) == {(id_, 0)}
    again = MessageRemoval(town.settings, town.data, town.clock)
    assert (again.remove(id_, 0, SAID), again.remove(id_, 0, SAID)) == ("taken", "taken") and town.mailbox("ann") == []
    assert again.remove(id_, 0, RemovalRequest("8", "p-other", "Another one wants it, too.")) == "nothing"
    assert again.restore(id_, 0, SAID) == "back" and [p.name for p in cur(town).iterdir()] == [f"{name}:2,S"]


@pytest.mark.rule(
    "P-31",
    "A copy that still waits is stopped by a removal; one in an inaccessible system is reported as being there.",
)
def test_what_waits_is_stopped_and_what_lies_in_another_system_is_said_to_be_there(town: Town) -> None:
    """A copy that was not handed over yet never comes; where no mailbox can be asked, the outcome says so."""
    waits = town.keep("cleo@city.example", kind="mx")
    town.use(route={"far@city.example": "smtp://127.0.0.1:1"})
    pulling = MessageRemoval(town.settings, town.data, town.clock)
    assert pulling.remove(waits, 0, SAID) == "stopped"
    assert not list(outstanding_file.current(town.data).waiting())
    assert pulling.restore(waits, 0, SAID) == "back"
    assert [e.id for e in outstanding_file.current(town.data).waiting()] == [waits]
    held = town.keep("dan@city.example", kind="mx", do="quarantine")
    assert pulling.remove(held, 0, SAID) == "nothing"
    id_ = delivered(town, "eve@city.example")
    town.use(route={"eve@city.example": "smtp://127.0.0.1:1"})
    assert MessageRemoval(town.settings, town.data, town.clock).remove(id_, 0, SAID) == "elsewhere" and pulled(town) == {(id_, 0)}


@pytest.mark.rule("P-07, P-31", "The password that opens every mailbox is sent in clear to this machine alone.")
@pytest.mark.parametrize("url", ["imap://mail.city.example:143", "http://127.0.0.1", "imaps://", "imap://127.0.0.1/x"])
def test_a_password_that_opens_every_mailbox_goes_in_clear_nowhere(url: str, tmp_path: Path) -> None:
    """Only to this machine, or over TLS that was verified."""
    (tmp_path / "key").write_text("scratch")
    with pytest.raises(ConfigError):
        ImapServer(url, "civicmail", str(tmp_path / "key"))
    with pytest.raises(ConfigError, match="cannot be read"):
        ImapServer("imap://127.0.0.1:143", "civicmail", str(tmp_path / "none"))


@pytest.mark.rule("P-08, P-15", "When a mailbox is emptied, folders that others share with its owner are not changed.")
def test_folders_that_others_share_are_not_their_readers_own() -> None:
    """RFC 2342; where a mailbox is emptied, nothing of another's goes."""
    said = b'(("" "/")("mine/" "/")) (("user/" "/")) (("Shared \\"a\\"/" "/" "X-OPT" ("b"))("public/" "/"))'
    assert list(not_personal(said)) == ["user/", 'Shared "a"/', "public/"]
    assert list(not_personal(b'(("" "/")) NIL NIL')) == [] and list(not_personal(b'NIL (("~" "/")) NIL')) == ["~"]


# -- Dovecot -------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def opened(dovecot: Dovecot, user: str = ANN) -> Iterator[imaplib.IMAP4]:
    wire = imaplib.IMAP4("127.0.0.1", dovecot.imap)
    wire.login(user, PASSWORD)
    yield wire
    wire.logout()


def lying(dovecot: Dovecot, folder: str) -> list[tuple[bytes, bytes]]:
    """Flags and bytes of what lies in a folder."""
    with opened(dovecot) as wire:
        wire.select(folder, readonly=True)
        (found,) = wire.search(None, "ALL")[1]
        answers = [wire.fetch(n.decode(), "(FLAGS INTERNALDATE BODY.PEEK[])")[1][0] for n in found.split()]
        return [(a[0].partition(b"BODY")[0], a[1]) for a in answers]


@pytest.mark.neighbour("dovecot", "root")
def test_dovecot_gives_a_copy_back_from_any_folder_and_takes_it_again(town: Town) -> None:
    """Found where its owner has filed it, removed alone, and put back there with flags and time; away for a while, it is
    tried again."""
    with Dovecot(master="master-scratch") as dovecot:
        town.use(
            local=f"lmtp://127.0.0.1:{dovecot.lmtp}", imap=f"imap://127.0.0.1:{dovecot.imap}",
            imap_key_file=str(dovecot.key_file),
        )  # fmt: skip
        town.now = time.time_ns() // 1_000_000  # a mailbox server has its own clock
        id_, other = delivered(town), delivered(town, text=TEXT.replace(b"hello", b"later"))
        with opened(dovecot) as wire:
            wire.create('"To do.K&APY-nig"'), wire.select("INBOX")
            wire.copy("1", '"To do.K&APY-nig"'), wire.store("1", "+FLAGS", "\\Deleted")
            wire.expunge(), wire.select('"To do.K&APY-nig"'), wire.store("1", "+FLAGS", "(\\Seen \\Flagged $Later)")
        (before,) = lying(dovecot, '"To do.K&APY-nig"')
        pulling = MessageRemoval(town.settings, town.data, town.clock)
        dovecot.stop()
        with pytest.raises(OSError, match="does not answer"):
            pulling.remove(id_, 0, SAID)
        dovecot.start()
        assert pulling.remove(id_, 0, SAID) == "taken" and lying(dovecot, '"To do.K&APY-nig"') == []
        (left,) = lying(dovecot, "INBOX")
        assert str(uuid.UUID(bytes=other)).encode() in left[1], "only the one with that number went"
        assert pulling.restore(id_, 0, SAID) == "back"
        (after,) = lying(dovecot, '"To do.K&APY-nig"')
        flags = {flag for flag in (b"\\Seen", b"\\Flagged", b"$Later") if flag in after[0]}
        assert len(flags) == 3 and before[0].partition(b"INTERNALDATE")[2] == after[0].partition(b"INTERNALDATE")[2]
        assert after[1].endswith(TEXT) and str(uuid.UUID(bytes=id_)).encode() in after[1]
        assert pulling.remove(other, 0, SAID) == "taken" and lying(dovecot, "INBOX") == []
