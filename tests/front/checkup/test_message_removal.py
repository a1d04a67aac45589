"""Doctor says whether dangerous mail can be taken back out of mailboxes (P-31)."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.core.config.settings import Courier, Settings
from civicmail.front.checkup.findings import Installation
from civicmail.front.checkup.message_removal import message_removal
from civicmail.front.sample.installation import free_ports
from neighbours.dovecot import Dovecot


def told(**courier: str) -> list[tuple[str, str]]:
    return [(f.level, f.text) for f in message_removal(Installation(Path("/"), Settings(courier=Courier(**courier)), 0))]  # type: ignore[arg-type]


def test_folders_of_ours_need_nothing_and_mailboxes_behind_lmtp_a_way_back(tmp_path: Path) -> None:
    key, (port,) = tmp_path / "key", free_ports(1)
    assert told() == []
    assert told(local="lmtp://127.0.0.1:24")[0][0] == "not-set-up"
    assert "cannot be read" in told(imap="imap://127.0.0.1:143", imap_key_file=str(key))[0][1]
    key.write_text("x")
    ((level, text),) = told(imap=f"imap://127.0.0.1:{port}", imap_key_file=str(key))
    assert level == "problem" and "cannot be asked" in text


@pytest.mark.neighbour("dovecot", "root")
def test_a_server_that_answers_is_fine() -> None:
    with Dovecot(master="scratch") as dovecot:
        assert told(imap=f"imap://127.0.0.1:{dovecot.imap}", imap_key_file=str(dovecot.key_file))[0][0] == "ok"
