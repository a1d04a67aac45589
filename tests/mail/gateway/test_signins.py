"""Guessing at a mail door costs the guesser time and us nothing (AC-7, P-07)."""

from __future__ import annotations

import timeit
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from city.identity.people import PASSWORD, city
from civicmail.city.snapshot.snapshot import Device, Person
from civicmail.core.config.settings import Signin
from civicmail.mail.gateway import signins
from civicmail.mail.gateway.authorization import Member
from civicmail.mail.gateway.signins import Attempts
from mail.gateway.town import Town, sign_in, town

ANN = "ann@city.example"
WRONG = (535, "5.7.8 Name and password do not fit")
ENDED = "Your access for Müller Paving ended on 2 March 2026; ask the sponsor of your contract (P-09)."


def _ended() -> Person:
    """Ann, whose access has ended, and her phone's password with it."""
    ann = city().people["ann"]
    return replace(ann, kind="contractor", grants=(), devices=(), former=ann.devices, epoch=2, why=ENDED)


@pytest.fixture
def here(data: Path, tmp_path: Path) -> Iterator[Town]:
    with town(data, tmp_path / "tls") as started:
        yield started


class Clock:
    now = 0

    def __call__(self) -> int:
        return self.now


@pytest.mark.parametrize("clients", [["192.0.2.9"], [f"2001:db8::{n:x}" for n in range(200)]], ids=["address", "64"])
def test_ten_thousand_wrong_passwords_for_one_login_stop_at_the_fifth(clients: list[str]) -> None:
    clock = Clock()
    attempts = Attempts(Signin(), clock)

    def tried() -> int:
        count = 0
        for n in range(10_000):
            if not attempts.is_blocked("ann", clients[n % len(clients)]):
                attempts.failed("ann", clients[n % len(clients)])
                count += 1
        return count

    assert tried() == 5
    assert not attempts.is_blocked("ann", "198.51.100.1") and not attempts.is_blocked("bob", clients[0])
    clock.now = 900_000
    assert tried() == 1
    clock.now = 2 * 900_000
    assert tried() == 0, "each wait is twice as long"


def test_what_is_remembered_of_many_names_and_addresses_is_bounded_by_the_window() -> None:
    clock = Clock()
    attempts = Attempts(Signin(), clock)
    for n in range(signins._MAX_KNOWN * 2):
        attempts.failed(f"name{n}", f"2001:db8::{n:x}")
        clock.now += 100
    assert len(attempts._failed) <= signins._MAX_KNOWN + 2 * signins._SWEEP_MS // 100
    took = min(timeit.repeat(lambda: attempts.is_blocked("name", "2001:db8::1"), number=100, repeat=3)) / 100
    assert took < 0.02


def test_a_success_forgets_the_failures_of_the_login_and_not_those_of_the_address() -> None:
    attempts = Attempts(Signin(attempts=3, per_address=4), Clock())
    for login in ("ann", "ann", "bob"):
        attempts.failed(login, "192.0.2.1")
    attempts.succeeded("ann", "192.0.2.1")
    attempts.failed("ann", "192.0.2.1")
    assert not attempts.is_blocked("ann", "192.0.2.2")
    assert attempts.is_blocked("carol", "192.0.2.1")


def test_whose_access_ended_hears_why_and_whom_to_ask_and_is_not_in(here: Town) -> None:
    """P-09: by the password that opened until then; it is no guess, however often a program tries it."""
    here.publish(_ended())
    for _ in range(7):
        with here.client() as client:
            assert sign_in(client, ANN) == (535, f"5.7.8 {ENDED.replace('ü', 'u')}")
            assert client.mail(ANN)[0] == 530, "not signed in"
    assert [(e["act"], e["person"], e["device"]) for e in here.entries()] == [("sign-in-ended", "ann", "ann-phone")] * 7


@pytest.mark.rule(
    "P-09",
    "A person whose access ended gets the reason and a contact at a mail entry point, with the password that was valid "
    "until then; for a guesser, an ended sign-in looks like an unknown one.",
)
def test_who_guesses_does_not_learn_whose_access_ended(here: Town) -> None:
    """A wrong password, one that was lost before, and a name that nobody has hear the same."""
    here.publish(_ended())
    for login, password in [(ANN, f"{PASSWORD[:-1]}0"), (ANN, ""), ("nobody@city.example", PASSWORD)]:
        with here.client() as client:
            assert sign_in(client, login, password) == WRONG
    here.publish(replace(_ended(), former=()))
    with here.client() as client:
        assert sign_in(client, ANN) == WRONG
    assert {e["act"] for e in here.entries()} == {"sign-in-failed"}


@pytest.mark.rule(
    "P-08, P-09",
    "A device password that ended together with access grants nothing at any entry point, whoever its person is by then.",
)
def test_a_password_that_ended_opens_nothing_for_whoever_works_here(here: Town) -> None:
    """Not even for a person in whose favor everything else speaks."""
    ann = city().people["ann"]
    former = (Device("ann-old", ann.devices[0].mac),)
    here.publish(replace(ann, devices=(), former=former))
    people = here.run.gateway.gate.people
    with here.client() as client:
        assert sign_in(client, ANN) == WRONG
    assert people.may_send(Member("ann", ann.epoch, "ann-old")).startswith("421"), "a connection from before is signed out"
    here.publish(_ended())
    assert people.may_send(Member("ann", 2, "ann-phone")).startswith("550")


def test_people_of_an_agency_that_is_off_hear_so_by_their_own_password_alone(here: Town) -> None:
    """P-09: they sign in, and the first command that would send says why."""
    off = "Mail for the people of Acme is suspended; ask the sponsor of your contract (P-09)."
    here.publish(replace(city().people["ann"], kind="contractor", grants=(), why=off))
    with here.client() as client:
        assert sign_in(client, ANN, "wrong") == WRONG
    with here.signed_in() as client:
        assert client.mail(ANN) == (550, f"5.7.1 {off}".encode())
