"""Each program that mail and people depend on is there, and then it is gone: doctor names it (P-15, P-23)."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from civicmail.core.config.settings import Archive, Courier, Feeds, Ldap, Screening, Settings, Signin
from civicmail.front.checkup import certificates, filters, message_removal, next_hops, storage
from civicmail.front.checkup.findings import HOUR, Finding, Installation
from front.checkup.test_listeners import free
from neighbours.assassin import Spamd
from neighbours.dovecot import Asks, Dovecot
from neighbours.milters import Rspamd
from neighbours.postfix import keeper
from neighbours.slapd import Slapd
from neighbours.virusscanner import Clamd

NOW = 1_772_452_800_000


def told(settings: Settings, data: Path) -> dict[str, Finding]:
    """What doctor says of programs beside ours."""
    patient = Installation(data, settings, NOW)
    checks = (
        next_hops.next_hops,
        next_hops.imap_disconnect,
        message_removal.message_removal,
        filters.clamd,
        filters.filters,
        certificates.certificates,
    )
    return {finding.check: finding for check in checks for finding in check(patient)}


def red(findings: dict[str, Finding]) -> set[str]:
    return {check for check, finding in findings.items() if finding.level == "problem"}


@pytest.mark.rule(
    "P-15, P-23",
    "A server, filter or scanner that mail and people depend on is named by doctor as soon as it is away.",
)
@pytest.mark.neighbour("dovecot", "postfix", "rspamd", "clamd", "spamd", "slapd", "root")
def test_each_neighbour_that_goes_away_is_named(tmp_path: Path) -> None:
    """By its own line, at once."""
    with ExitStack() as town:
        asks = Asks(f"http://127.0.0.1:{free()}", "secret", "doveadm-key")
        dovecot = town.enter_context(Dovecot(asks=asks, master="scratch"))
        out, rspamd = town.enter_context(keeper()), town.enter_context(Rspamd(asked=True))
        clamd, spamd, ldap = town.enter_context(Clamd()), town.enter_context(Spamd()), town.enter_context(Slapd([]))
        (tmp_path / "doveadm.key").write_text(asks.key)
        settings = Settings(
            courier=Courier(
                local=f"lmtp://127.0.0.1:{dovecot.lmtp}",
                outbound=f"smtp://127.0.0.1:{out.port}",
                imap=f"imap://127.0.0.1:{dovecot.imap}",
                imap_key_file=str(dovecot.key_file),
            ),
            signin=Signin(kick=f"http://127.0.0.1:{dovecot.api}", kick_key_file=str(tmp_path / "doveadm.key")),
            screening=Screening(clamd=clamd.address, rspamd=f"http://127.0.0.1:{rspamd.asked}", spamd=spamd.address),
            feeds=Feeds(ldap=[Ldap(url=ldap.secure)]),
        )
        end = time.monotonic() + 60  # spamd takes connections before its child can answer
        while not red(there := told(settings, tmp_path)) <= {"certificates"}:  # one of two days
            assert time.monotonic() < end, there
    gone = told(settings, tmp_path)
    lines = {
        f"next hop {settings.courier.local}",
        f"next hop {settings.courier.outbound}",
        "end of connections",
        "taking mail back",
    }
    lines |= {"virus scanner", "spam filter Rspamd", "spam filter SpamAssassin", "certificates"}
    assert red(gone) == lines
    assert "the feed directory" in gone["certificates"].text
    assert all(finding.do for finding in gone.values())


@pytest.mark.neighbour("postfix", "root")
def test_a_filter_that_says_something_else_is_no_filter(tmp_path: Path) -> None:
    with keeper() as smtp:
        found = told(Settings(screening=Screening(rspamd=f"http://127.0.0.1:{smtp.port}")), tmp_path)
    assert found["spam filter Rspamd"].level == "problem"
    assert "spam filter Rspamd" not in told(Settings(), tmp_path)


@pytest.mark.rule("P-15", "A backup that did not end in time is a problem.")
@pytest.mark.parametrize(("hours", "level"), [(1, "ok"), (25, "ok"), (27, "problem")])
def test_a_backup_that_is_too_old_is_told(tmp_path: Path, hours: int, level: str) -> None:
    stamp = tmp_path / "stamp"
    settings = Settings(archive=Archive(backup=str(stamp)))
    (none,) = storage.backup(Installation(tmp_path, settings, NOW))
    assert none.level == "problem" and "no backup has ended" in none.text
    stamp.touch()
    os.utime(stamp, ns=((NOW - hours * HOUR) * 1_000_000,) * 2)
    (found,) = storage.backup(Installation(tmp_path, settings, NOW))
    assert found.level == level
    (unset,) = storage.backup(Installation(tmp_path, Settings(), NOW))
    assert unset.level == "not-set-up"
