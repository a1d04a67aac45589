"""Whoever guesses waits, and nobody else does: by login and network, counted before anything is compared (P-07)."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from city.identity.signins import NOW, OFFICER, account, mailbox, person
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import machine
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.guard.models import Account, Entry, Failure, Place, Throttle
from civicmail.city.identity import throttle
from civicmail.city.identity.actions import signin, throttling
from civicmail.city.identity.queries.signin import login_digest
from civicmail.city.notices.models import Notice

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("installed")]
MINUTE = 60_000
WINDOW = 15 * MINUTE


def _admits(login: str = "ines", client: str = "192.0.2.9", now: int = NOW, what: str = "password", **more: str) -> bool:
    return throttling.admit(login, what, client=client, now=now, **more) is not None


def _compared(times: int, **more: object) -> int:
    return sum(_admits(**more) for _ in range(times))  # type: ignore[arg-type]


@pytest.mark.rule(
    "P-07, AC-7",
    "Five failures for one login from one network make that network wait for this login; they lock nothing.",
)
def test_five_from_one_network_wait_longer_each_time_and_others_do_not() -> None:
    """For this login, from there; and nothing is locked."""
    ines = account()
    account(person("e-18", "Otto Other"), "otto")
    assert _compared(12) == 5
    assert _admits(client="198.51.100.7") and _admits("otto")
    assert not _admits(now=NOW + WINDOW - 1) and _admits(now=NOW + WINDOW)
    assert not _admits(now=NOW + 3 * WINDOW - 1) and _admits(now=NOW + 3 * WINDOW)
    ines.refresh_from_db()
    assert ines.locked is None


@pytest.mark.parametrize("login", ["ines", "INES ", "\uff29nes", "ine\u017f"])
def test_what_names_one_account_is_one_login(login: str) -> None:
    account()
    _compared(5)
    assert not _admits(login)


def test_a_64_of_ipv6_is_one_network() -> None:
    """Thirty addresses of it are no thirty guessers."""
    account()
    assert sum(_admits(client=f"2001:db8:1:2::{n:x}") for n in range(30)) == 5
    assert _admits(client="2001:db8:1:3::1")


@pytest.mark.rule("P-07", "A network with many failures is delayed for logins that never came from there, and for no other.")
def test_an_address_behind_which_many_sit_does_not_wait_for_who_came_from_there_before() -> None:
    """Twenty failures for others; a login that is new there waits a minute, others nothing."""
    ines = account()
    Place.objects.create(account=ines, network="192.0.2.0/24", last=from_ms(NOW))
    account(person("e-18", "Otto Other"), "otto")
    for n in range(20):
        assert _admits(f"guess{n}")
    assert _admits("ines")
    assert not _admits("otto") and not _admits("nobody") and _admits("otto", now=NOW + MINUTE)


@pytest.mark.rule(
    "P-07",
    "Guesses from many networks slow down a login as a whole, except from networks that its owner has used before.",
)
def test_guesses_from_many_networks_slow_down_and_the_owners_network_stays_open() -> None:
    ines = account()
    Place.objects.create(account=ines, network="198.51.100.0/24", last=from_ms(NOW))
    assert sum(_admits(client=f"10.{n}.0.1") for n in range(60)) == 20
    assert _admits(client="198.51.100.7") and not _admits(client="10.99.0.1", now=NOW + WINDOW - 1)
    assert _admits(client="10.99.0.1", now=NOW + WINDOW) and not _admits(client="10.98.0.1", now=NOW + 2 * WINDOW)


@pytest.mark.rule(
    "P-07",
    "No login takes more than a hundred failures in a row (SP 800-63B), and strangers use up no more than eighty of them.",
)
def test_no_more_than_a_hundred_in_a_row_and_the_owner_ends_them() -> None:
    """SP 800-63B: from new networks eighty; the owner's own network stays open, and a sign-in begins anew."""
    ines = account()
    Place.objects.create(account=ines, network="198.51.100.0/24", last=from_ms(NOW))
    spent = sum(_admits(client=f"10.{n // 200}.{n % 200}.1", now=NOW + n * DAY_MS) for n in range(300))
    assert spent == throttle.MAX_STRANGER_FAILURES
    now = NOW + 300 * DAY_MS
    own = [now + n * 8 * DAY_MS for n in range(60)]
    assert sum(_admits(client="198.51.100.7", now=at) for at in own) == throttle.MAX_FAILURES - throttle.MAX_STRANGER_FAILURES
    throttling.note_success(ines, "198.51.100.7")
    assert _admits(client="198.51.100.7", now=own[-1]) and _admits(client="10.9.9.9", now=own[-1])


@pytest.mark.rule("P-07", "A step-up in a session is no stranger's to stop, and is guessed no faster.")
def test_a_session_has_tries_of_its_own() -> None:
    """Whatever strangers do from the same address, a step-up is open; and it is guessed no faster."""
    account()
    _compared(12)
    assert sum(_admits(session="mine") for _ in range(12)) == 5
    assert _admits(session="another")


def test_a_right_one_takes_back_what_was_counted_before() -> None:
    account()
    for _ in range(30):
        ticket = throttling.admit("ines", "password", client="192.0.2.9", now=NOW)
        assert ticket is not None
        throttling.take_back(ticket)
    assert set(Throttle.objects.values_list("failures", "streak", "until")) == {(0, 0, None)}


def test_wrong_device_passwords_count_for_mail_programs_alone_and_are_so_many_rows() -> None:
    """They lock nothing."""
    ines = account()
    for n in range(40):
        throttling.note_wrong_device("ines", client="192.0.2.9", now=NOW + n)
    ines.refresh_from_db()
    assert ines.locked is None and Failure.objects.count() == 5
    assert _compared(12) == 5


def test_nobodys_login_is_counted_like_somebodys_with_as_many_questions() -> None:
    """Nothing that is done says whether there is an account, and nobody's word is kept."""
    account()
    asked = {}
    for login in ("ines", "nobody@city.example"):
        with CaptureQueriesContext(connection) as seen:
            assert _compared(12, login=login) == 5
        asked[login] = len(seen)
    assert asked["nobody@city.example"] == asked["ines"]
    assert set(Throttle.objects.filter(account=None).exclude(login="").values_list("login", flat=True)) == {
        login_digest("nobody@city.example")
    }


@pytest.mark.rule("P-07", "The owner of a guessed login is notified once a day, whatever strangers do, and an entry is written.")
def test_the_owner_hears_of_guesses_once_a_day_whatever_strangers_do() -> None:
    ines = person()
    mailbox(ines, "ines@city.example")
    account(ines)
    left = account(person("e-18", "Otto Other"), "otto")
    left.person.episodes.update(ended="2026-02-01")
    for hour in range(0, 48, 3):
        for n in range(12):
            for login in ("ines", "otto", "nobody"):
                _admits(login, f"10.{hour}.{n}.1", NOW + hour * 3_600_000)
                _admits(login, "192.0.2.9", NOW + hour * 3_600_000)
        signin.tell_of_guesses(now=NOW + hour * 3_600_000)
    told = Notice.objects.order_by("id")
    assert {n.to for n in told} == {"ines@city.example"} and len(told) == 2
    assert "192.0.2.9" in told[0].text and "Nothing of yours is locked" in told[0].text
    assert Entry.objects.filter(act="account.guessed", object="person:e-17").count() == 2


def test_counters_are_forgotten_after_a_quiet_week_and_failures_in_a_row_of_somebody_are_not() -> None:
    account()
    for login in ("ines", "nobody"):
        _admits(login)
    assert throttling.forget(now=NOW + 7 * DAY_MS) == 0
    throttling.forget(now=NOW + 7 * DAY_MS + 1)
    assert list(Throttle.objects.values_list("kind", "streak")) == [("login", 1)]


@pytest.mark.rule("P-07", "Locks by failures end with the upgrade; locks by an officer stay.")
def test_an_upgrade_opens_what_failures_locked_and_not_what_an_officer_did() -> None:
    by_failures, by_hand = account(), account(person("e-18", "Otto Other"), "otto")
    for one in (by_failures, by_hand):
        Account.objects.filter(pk=one.pk).update(locked=from_ms(NOW + 123))
    entries.enter(
        "account.locked", actor=machine("sign-in"), reason="5 failures within 15 minutes", now=NOW + 123, object="person:e-17"
    )
    import_module("civicmail.city.identity.migrations.0025_throttles").free_those_that_failures_locked(apps, None)
    assert list(Account.objects.filter(locked__isnull=False)) == [by_hand]
    signin.unlock(by_hand, actor=OFFICER, reason="talked with him", now=NOW + DAY_MS)
    assert not Account.objects.filter(locked__isnull=False).exists()
