"""A stranger types wrong passwords, from outside over HTTP: the owner goes on, whatever the stranger does (P-07; SECURITY.md).

A city with a live server; sessions, tokens and pages are those of the person whom the stranger wants to shut out.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client
from django.urls import reverse
from time_machine import Traveller

from city.identity.signins import account, actor, person
from civicmail.city.guard.models import Account, Failure
from civicmail.city.identity.actions import tokens
from civicmail.core.config.clock import now_ms
from civicmail.front.web.signin import step_up

PASSWORD = "correct horse battery staple"


class Cheap(PBKDF2PasswordHasher):
    """The real one, with few rounds."""

    iterations = 2


@pytest.fixture(autouse=True)
def cheap_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.Cheap"]


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("installed")]


def _browser(address: str = "192.0.2.7") -> Client:
    return Client(HTTP_HOST="localhost", REMOTE_ADDR=address)


def _try(browser: Client, login: str = "ines", password: str = PASSWORD) -> Any:
    return browser.post(reverse("account_login"), {"login": login, "password": password})


def _is_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def test_wrong_passwords_of_a_stranger_touch_neither_session_nor_token_nor_who_comes_from_elsewhere() -> None:
    """Even behind the same address, a session and its step-up go on."""
    ines = account(password=PASSWORD)
    account(person("e-18", "Otto Other"), "otto", PASSWORD)
    mine, colleague = _browser("203.0.113.5"), _browser("203.0.113.5")
    _try(mine)
    _try(colleague, "otto")
    token = tokens.make(ines.person, days=1, actor=actor(ines.person), now=now_ms())
    for address in ("198.51.100.66", "203.0.113.5"):
        for n in range(30):
            _try(_browser(address), password=f"guess {n}")
    assert mine.get(reverse("my-sessions")).status_code == 200
    assert tokens.account_by(token, "ines", now=now_ms()) == ines
    session = mine.session
    session[step_up.AT] = 0
    session.save()
    asked = mine.get(reverse("account_change_password"))
    assert mine.post(asked["Location"], {"password": PASSWORD}).status_code in (200, 302)
    assert step_up.is_fresh(type("R", (), {"session": mine.session}))  # type: ignore[arg-type]
    again = _browser("203.0.113.5")
    _try(again, "otto")
    assert _is_in(again), "twenty failures behind one address are nobody else's wait"
    elsewhere = _browser("192.0.2.7")
    _try(elsewhere)
    assert _is_in(elsewhere) and Account.objects.get(pk=ines.pk).locked is None


@pytest.mark.rule("P-07", "For delays a /64 of IPv6 is one network.")
def test_thirty_addresses_of_one_64_are_one_guesser() -> None:
    """Of one login they wait after five, of thirty logins after twenty."""
    account(password=PASSWORD)
    account(person("e-18", "Otto Other"), "otto", PASSWORD)
    for n in range(30):
        _try(_browser(f"2001:db8:1:2::{n + 1:x}"), password=f"guess {n}")
        _try(_browser(f"2001:db8:1:9::{n + 1:x}"), f"login{n}")
    assert Failure.objects.count() == 5 + 20
    for client in ("2001:db8:1:2:ffff::1", "2001:db8:1:9:ffff::1"):
        browser = _browser(client)
        _try(browser, "ines" if ":2:" in client else "otto")
        assert not _is_in(browser), client


def test_a_wait_is_over_by_itself(frozen: Traveller) -> None:
    account(password=PASSWORD)
    for n in range(9):
        _try(_browser(), password=f"guess {n}")
    frozen.shift(899)
    early = _browser()
    _try(early)
    frozen.shift(2)
    late = _browser()
    _try(late)
    assert not _is_in(early) and _is_in(late)


KINDS = ("right", "none", "unusable", "older", "closed", "left", "contained", "locked", "nobody")


def _somebody(kind: str) -> str:
    if kind == "nobody":
        return "nobody@city.example"
    made = account(person(f"e-{kind}", f"Ines {kind.title()}"), f"login-{kind}", PASSWORD)
    if kind == "none":
        Account.objects.filter(pk=made.pk).update(password="")
    if kind == "unusable":
        made.set_password(None)
        made.save()
    if kind == "older":
        Account.objects.filter(pk=made.pk).update(password=Cheap().encode(PASSWORD, "s" * 22, 1))
    if kind == "left":
        made.person.episodes.update(ended="2026-02-01")
    at = made.made
    changed: dict[str, dict[str, Any]] = {
        "closed": {"is_active": False},
        "contained": {"is_active": False, "contained": at},
        "locked": {"locked": at},
    }
    if kind in changed:
        Account.objects.filter(pk=made.pk).update(**changed[kind])
    return made.username


@pytest.mark.rule(
    "P-07",
    "A wrong password gets the same answer after the same rounds of hashing, whether the login exists, is unknown, "
    "without a password, closed, contained, locked or ended.",
)
def test_every_wrong_password_is_the_same_answer_after_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a password here or without, active, ended or nobody at all: as many rounds of hashing, also in the wait."""
    rounds: list[int] = []
    plain = Cheap.encode
    logins = [_somebody(kind) for kind in KINDS]

    def counted(self: Cheap, password: str, salt: str, iterations: int | None = None) -> str:
        rounds.append(iterations or self.iterations)
        return plain(self, password, salt, iterations)

    monkeypatch.setattr(Cheap, "encode", counted)
    work, said = {}, set()
    for n, login in enumerate(logins):
        for _ in range(7):
            rounds.clear()
            answer = _try(_browser(f"192.0.2.{n + 1}"), login, "wrong")
            words = answer.content.decode().replace(login, "LOGIN")
            said.add((answer.status_code, re.sub(r'value="[^"]*"|Reference \w+|title="[^"]*"|<time.*?</time>', "", words)))
            work.setdefault(login, []).append(sum(rounds))
    assert set(map(tuple, work.values())) == {(2, 2, 2, 2, 2, 0, 0)}, work
    assert len(said) == 1


@pytest.mark.rule(
    "P-07",
    "Each try of a password or a code is counted before it is compared, so that twelve at the same moment are twelve.",
)
def test_twelve_guesses_at_the_same_moment_count_as_twelve(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is counted before its password is compared. While one is hashed the next one comes, so that none has failed when
    the last one begins."""
    account(password=PASSWORD)
    compared, coming = list[str](), [f"guess {n}" for n in range(12)]
    plain = Account.check_password

    def slow(self: Account, raw: str) -> bool:
        compared.append(raw)
        if coming:
            _try(_browser(), password=coming.pop())
        return bool(plain(self, raw))

    monkeypatch.setattr(Account, "check_password", slow)
    while coming:
        _try(_browser(), password=coming.pop())
    assert len(compared) == 5 and Failure.objects.count() == 5
    browser = _browser()
    _try(browser)
    assert not _is_in(browser)
