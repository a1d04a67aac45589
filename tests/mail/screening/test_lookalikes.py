"""Domains that look like a protected one (P-25, P-26): whatever the way of imitation, and never an honest one."""

from __future__ import annotations

import time

import pytest
from bench.lookalikes import caught
from hypothesis import given
from hypothesis import strategies as st

from civicmail.mail.screening.domains import a_labels
from civicmail.mail.screening.lookalikes import Likeness, find_likeness, protect

PROTECTED = protect(("springfield.gov", "ci.madison.wi.us", "troy.gov"), ("firstbank.example",))


@pytest.mark.parametrize(
    ("host", "how"),
    [
        ("springfie1d.gov", "looks"),
        ("sprlngfield.gov", "looks"),
        ("spr1ngfield.com", "looks"),
        ("mail.springfleld.gov", "looks"),
        ("sрringfield.gov", "looks"),  # noqa: RUF001 - Cyrillic
        ("ѕрrіngfіеld.gov", "looks"),  # noqa: RUF001 - Cyrillic
        ("springfïeld.gov", "looks"),
        ("springf☃eld.gov", "looks"),
        ("spr\u1d0fingfield.gov", "letter"),
        ("springficlcl.gov", "looks"),
        ("madison-wi-us.com", "looks"),
        ("springfield-gov.com", "looks"),
        ("springfeild.gov", "letter"),
        ("springield.gov", "letter"),
        ("sprringfield.gov", "letter"),
        ("springfiqld.gov", "letter"),
        ("spring-field.gov", "letter"),
        ("springfield.com", "suffix"),
        ("madison.com", "suffix"),
        ("springfield.city.example", ""),
        ("springfield.gov.evil.example", "inside"),
        ("springfield-gov.evil.example", "inside"),
        ("login.springfield.gov.evil.example", "inside"),
        ("spring.field.com", "inside"),
        ("springfield-payroll.com", "inside"),
        ("loginmadison.com", "inside"),
        ("secure-madison-login.com", "inside"),
        ("rnadison.com", "looks"),
        ("tr0y.gov", "looks"),
        ("troy-payroll.com", "inside"),
    ],
)
def test_a_domain_that_looks_like_a_protected_one_is_seen(host: str, how: str) -> None:
    found = find_likeness(a_labels(host), PROTECTED)
    assert (found.how if found else "") == how


@pytest.mark.parametrize(
    "host",
    [
        "springfield.gov", "www.springfield.gov", "a.b.madison.wi.us", "firstbank.example", "madison.k12.wi.us", "jamesmadison.edu",
        "madisonhotel.com", "tory.gov", "troy.com", "springboard.org", "example.com", "wi.us", "gov", "localhost", "", "192.0.2.1",
        "xn--", "xn--a.example", "summerfield.org", "field.gov", "madrid.es",
        "madison.gov", "helptroy.com", "clicktroy.net",
    ],
)  # fmt: skip
def test_an_honest_domain_is_taken_for_none(host: str) -> None:
    assert find_likeness(host, PROTECTED) is None


def test_of_all_published_ways_of_imitation_97_of_100_are_seen() -> None:
    """Omission, repetition, transposition, replacement, insertion, homoglyphs, hyphens, vowels, bits, additions, suffixes,
    words before and after; four names, more than 9,000 domains."""
    made, seen, _ = caught()
    assert made.total() > 9000 and seen.total() >= made.total() * 0.97
    assert all(seen[kind] >= made[kind] * 0.95 for kind in made), "no way is a gap"


LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.mark.rule(
    "P-25, P-26",
    "A domain that imitates a protected one is detected, by every published method, and an honest one is not.",
)
@given(
    st.integers(0, 10),
    st.sampled_from(LETTERS),
    st.sampled_from(["put", "out", "other", "over"]),
    st.sampled_from(["gov", "com", "co.uk"]),
)
def test_one_wrong_letter_in_a_long_name_is_always_seen(at: int, letter: str, what: str, suffix: str) -> None:
    """Damerau: put in, left out, another, changed over."""
    name = "springfield"
    before, after = name[:at], name[at:]
    label = {"put": before + letter + after, "out": before + after[1:], "other": before + letter + after[1:]}.get(
        what, before + after[1:2] + after[:1] + after[2:]
    )
    found = find_likeness(f"{label}.{suffix}", PROTECTED)
    assert (found is None) == (label == name and suffix == "gov")


@given(st.text(max_size=40), st.text(LETTERS + ".-", max_size=60))
def test_whatever_a_domain_is_it_is_looked_at(odd: str, plain: str) -> None:
    for host in (odd, plain, a_labels(odd), f"xn--{plain}.gov"):
        assert find_likeness(host, PROTECTED) is None or isinstance(find_likeness(host, PROTECTED), Likeness)


def test_hostile_domains_cost_no_time() -> None:
    hosts = ["a." * 5000 + "example", "xn--" + "9" * 50_000 + ".gov", "springfield" * 5000 + ".gov", "я" * 20_000 + ".gov"]
    start = time.perf_counter()
    for host in hosts:
        find_likeness(host, PROTECTED)
        find_likeness(a_labels(host), PROTECTED)
    assert time.perf_counter() - start < 20
