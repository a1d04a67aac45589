"""Guessing at a mail door costs the guesser time and us nothing (AC-7, P-07)."""

from __future__ import annotations

import timeit

from civicmail.core.config.settings import Signin
from civicmail.mail.gateway import signins
from civicmail.mail.gateway.signins import Attempts


class Clock:
    now = 0

    def __call__(self) -> int:
        return self.now


def test_ten_thousand_wrong_passwords_for_one_login_stop_at_the_fifth() -> None:
    clock = Clock()
    attempts, tried = Attempts(Signin(), clock), 0
    for n in range(10_000):
        if not attempts.is_blocked("ann", f"192.0.2.{n % 200}"):
            attempts.failed("ann", f"192.0.2.{n % 200}")
            tried += 1
    assert tried == 5
    clock.now = 900_000
    assert not attempts.is_blocked("ann", "192.0.2.1")


def test_what_is_remembered_of_many_names_and_addresses_is_bounded_by_the_window() -> None:
    clock = Clock()
    attempts = Attempts(Signin(), clock)
    for n in range(signins._KNOWN_MOST * 2):
        attempts.failed(f"name{n}", f"2001:db8::{n:x}")
        clock.now += 100
    assert len(attempts._failed) <= signins._KNOWN_MOST + 2 * signins._SWEEP_MS // 100
    took = min(timeit.repeat(lambda: attempts.is_blocked("name", "2001:db8::1"), number=100, repeat=3)) / 100
    assert took < 0.02


def test_a_success_forgets_the_failures_of_the_login_and_not_those_of_the_address() -> None:
    attempts = Attempts(Signin(attempts=3, per_address=4), Clock())
    for login in ("ann", "ann", "bob"):
        attempts.failed(login, "192.0.2.1")
    attempts.succeeded("ann")
    attempts.failed("ann", "192.0.2.1")
    assert not attempts.is_blocked("ann", "192.0.2.2")
    assert attempts.is_blocked("carol", "192.0.2.1")
