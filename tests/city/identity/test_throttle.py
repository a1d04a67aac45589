"""How long whoever guesses waits: the rules alone, with the time passed in (P-07; SP 800-63B, 3.2.2)."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from civicmail.city.identity import throttle
from civicmail.city.identity.throttle import DAY, MINUTE, Count

LIMITS = throttle.limits(5, 20, 900)
PAUSES = st.lists(st.integers(0, 3 * DAY), max_size=200)
FOREVER = 400 * DAY


@pytest.mark.rule(
    "P-07",
    "Each delay after a failure is twice as long as the previous one, up to a day; a soft one is a minute, in any rhythm.",
)
@given(PAUSES, st.sampled_from(["password", "code", "mail", "login"]))
@example([15 * MINUTE] * 60, "password")
def test_waits_grow_and_never_shrink_while_it_goes_on(pauses: list[int], kind: str) -> None:
    """Whatever the rhythm, what is compared is little; nobody waits for more than a day."""
    limit, count, now, waited, compared = LIMITS[kind], Count(), DAY * 20_000, 0, 0
    for pause in pauses:
        now += pause
        if throttle.wait_until(count, limit) > now:
            continue
        count, compared = throttle.add_failure(count, limit, now), compared + 1
        wait = max(0, throttle.wait_until(count, limit) - now)
        assert waited <= wait <= DAY, "longer each time, and never for ever"
        assert (wait > 0) == (compared >= limit.free)
        waited = wait
    assert compared <= limit.free + 7 + sum(pauses) // DAY


@given(st.lists(st.integers(0, DAY), max_size=60))
def test_a_soft_limit_is_a_minute_whatever_strangers_do(pauses: list[int]) -> None:
    """For a whole network, and a /24, the wait does not grow."""
    for kind in ("near", "network", "mailnet"):
        limit, count, now = LIMITS[kind], Count(), DAY * 20_000
        for pause in pauses:
            now += pause
            count = throttle.add_failure(count, limit, now)
            assert throttle.wait_until(count, limit) in (0, now + MINUTE)
        assert throttle.wait_until(count, limit) == 0 or count.failures >= limit.free


@given(st.integers(1, 50), st.integers(0, 20))
def test_what_was_right_is_taken_back(failures: int, right: int) -> None:
    limit, count = LIMITS["password"], Count()
    for n in range(failures):
        count = throttle.add_failure(count, limit, n)
    before = count
    for n in range(right):
        count = throttle.remove_failure(throttle.add_failure(count, limit, failures + n))
    assert count.failures == before.failures
    assert throttle.remove_failure(Count()).failures == 0


def test_a_hundred_in_a_row_are_the_most_and_the_last_twenty_are_the_owners() -> None:
    """P-07."""
    assert not throttle.is_closed(79, known=False) and throttle.is_closed(80, known=False)
    assert not throttle.is_closed(99, known=True) and throttle.is_closed(100, known=True)


@pytest.mark.parametrize(
    ("client", "network", "near"),
    [
        ("192.0.2.9", "192.0.2.9", "192.0.2.0/24"),
        ("::ffff:192.0.2.9", "192.0.2.9", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", ""),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64", ""),
        ("fe80::1%eth0", "fe80::/64", ""),
        ("", "", ""),
        ("unknown", "", ""),
    ],
)
def test_a_place_is_an_address_or_a_64(client: str, network: str, near: str) -> None:
    assert (throttle.network_of(client), throttle.prefix_of(client)) == (network, near)


@given(st.text(max_size=60))
def test_no_address_breaks_it(client: str) -> None:
    assert len(throttle.network_of(client)) <= 43 and len(throttle.prefix_of(client)) <= 43
