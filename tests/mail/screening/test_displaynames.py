"""Under whose name mail comes from outside (P-26, P-27): whatever the spelling, and nobody who is only called half so."""
# ruff: noqa: RUF001 - letters that look alike are the point of it

from __future__ import annotations

import random
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.snapshot.published_snapshot import publish
from civicmail.city.snapshot.snapshot import Changes, Person, apply_changes
from civicmail.mail.screening import displaynames, staffnames
from civicmail.mail.screening.domains import a_labels
from civicmail.mail.screening.shapes import CheckResult, CombinedCase
from mail.screening.joints import BOXES, CITY, DANA, PEOPLE, WORLD, incoming, mailbox, person, snapshot, world

EVIL = "x@evil.example"


def find(case: CombinedCase) -> CheckResult:
    return displaynames.find(case)


def said(found: CheckResult) -> list[tuple[str, str]]:
    return [(f.code, f.mask) for f in found.findings]


SPELLINGS = (
    "Dana M. Reyes", "Dana Reyes", "Reyes, Dana", "REYES, DANA M.", "Reyes Dana", "reyes dana m", "Dr. Dana Reyes",
    "Dana Reyes, PhD", "Mayor Dana M. Reyes", "Dana Maria Reyes", "Dana Reyes (Parks)", "Parks and Gardens - Dana Reyes",
    "Dana Reyes | City of Springfield", "Dana Reyes via Payroll", "'Dana Reyes'", "Dana  Reyes", "dana.reyes", "Dana_Reyes",
    "DanaReyes", "D a n a R e y e s", "Dаnа Rеуеs", "Ｄａｎａ Ｒｅｙｅｓ", "𝗗𝗮𝗻𝗮 𝗥𝗲𝘆𝗲𝘀", "Dàna Réyes", "Dana\u200b Rey\u00ades",
    "Dana\u00a0Reyes", "D\u0430na R\u0435yes", "\u202eseyeR anaD\u202c", "Dana Reye5", "ᗪana Reyeꜱ",
    "Dana Reyes <dana@springfield.gov>", "dana reyes at springfield",
)  # fmt: skip


@pytest.mark.rule(
    "P-26, P-27",
    "Mail from outside under the name of a person in the directory is recognized, in any spelling; half a name is no match.",
)
@pytest.mark.parametrize("name", SPELLINGS)
def test_a_name_of_the_directory_is_known_in_whatever_spelling(name: str) -> None:
    """Order, initials, middle names, titles, other alphabets, what nobody sees."""
    found = find(incoming((name, EVIL)))
    assert found.facts.get("names.staff") is True and ("staff", f"Dana M. Reyes {EVIL}") in said(found)


@pytest.mark.parametrize("field", ["sender_field", "reply_to"])
def test_a_name_in_other_fields_is_known_too(field: str) -> None:
    assert displaynames.FIELDS == ("from", "sender", "reply-to")
    name = "reply_to" if field == "reply_to" else "sender"
    case = incoming(("Someone", EVIL))
    case = replace(
        case, message=replace(case.message, people={**case.message.people, name.replace("_", "-"): (("Dana Reyes", EVIL),)})
    )
    assert find(case).facts["names.staff"] is True


@pytest.mark.parametrize(
    "name",
    [
        "", "Dana", "Reyes", "D. Reyes", "Dana R.", "Dana Reyna", "Diana Reyes", "Reyes Family", "Daniel Reyes", "Payroll",
        "Parks and Gardens", "printer", "John Smith", "Novak", "Rosa", "García", "Springfield", "\u200b", "....", "Dr.",
        "123 456",
    ],
)  # fmt: skip
def test_half_a_name_or_that_of_an_office_is_nobodys(name: str) -> None:
    """P-26, P-27."""
    assert "names.staff" not in find(incoming((name, EVIL))).facts


@pytest.mark.parametrize(
    "name", ["Rosa García López", "Rosa Garcia", "Lopez, Rosa", "ROSA LÓPEZ", "Peter Novak", "Novak Peter Jr", "Mei Nakashiro"]
)
def test_of_several_family_names_each_is_enough_and_accents_do_not_matter(name: str) -> None:
    assert find(incoming((name, EVIL))).facts["names.staff"] is True


@pytest.mark.parametrize("address", [f"dana@{CITY}", f"DANA@{CITY}", "dmr@oldmill.example"])
def test_who_writes_from_an_address_that_is_known_as_theirs_poses_as_nobody(address: str) -> None:
    """Whether it is true that it comes from there, authentication says."""
    assert find(incoming(("Dana Reyes", address))).findings == ()


def test_an_address_of_another_of_the_same_name_is_theirs_too() -> None:
    assert find(incoming(("Mei Nakashiro", f"mei2@{CITY}"))).findings == ()
    assert find(incoming(("Mei Nakashiro", f"dana@{CITY}"))).facts["names.staff"] is True


@pytest.mark.parametrize(
    "name",
    [
        f"dana@{CITY}",
        f"Dana <dana@{CITY}>",
        f"mayor@pay.{CITY.upper()}",
        f"x＠{CITY}",
        f"help@{CITY} (IT)",
        "info@firstbank.example",
    ],
)
def test_an_address_of_ours_as_a_name_is_evidence(name: str) -> None:
    found = find(incoming((name, EVIL)))
    assert found.facts["names.staff"] is True and found.findings[0].code == "address"


@pytest.mark.parametrize("name", ["x@other.example", EVIL, "@", "a@b", f"@{CITY}", "meet @ noon"])
def test_another_address_as_a_name_is_none(name: str) -> None:
    assert find(incoming((name, EVIL))).findings == ()


def test_the_same_address_as_a_name_is_none() -> None:
    assert find(incoming((f"clerk@{CITY}", f"Clerk@{CITY}"))).findings == ()


def test_letters_of_two_alphabets_and_letters_that_nobody_sees_are_told() -> None:
    assert said(find(incoming(("Ivan Pеtrov", EVIL)))) == [("scripts", "Ivan Pеtrov")]
    assert said(find(incoming(("Ivan\u200d Petrov", EVIL)))) == [("hidden", "Ivan Petrov")]


@pytest.mark.parametrize("place", ["from", "reply-to", "envelope"])
def test_a_domain_that_looks_like_ours_is_told_wherever_it_stands(place: str) -> None:
    author = ("A", "a@springfie1d.gov" if place == "from" else EVIL)
    more = {"reply_to": (("", "a@springfie1d.gov"),)} if place == "reply-to" else {}
    found = find(incoming(author, sender="a@springfie1d.gov" if place == "envelope" else EVIL, **more))
    assert found.facts["names.lookalike"] is True
    assert [(f.part, f.mask) for f in found.findings if f.code == "lookalike"] == [(place, f"springfie1d.gov looks {CITY}")]


def test_a_domain_in_letters_of_another_alphabet_is_told_as_it_is_seen() -> None:
    found = find(incoming(("A", "a@" + a_labels("s\u0440ringfield.gov"))))
    assert found.findings[0].mask == f"s\u0440ringfield.gov looks {CITY}"


@pytest.mark.parametrize(
    ("author", "answers", "list_id", "elsewhere"),
    [
        ("a@shop.example", "b@shop.example", "", False),
        ("a@shop.example", "b@mail.shop.example", "", False),
        ("a@shop.example", "b@other.example", "", True),
        ("a@shop.github.io", "b@other.github.io", "", True),
        ("a@shop.example", "b@other.example", "<x.shop.example>", False),
        ("a@shop.example", "", "", False),
    ],
)
def test_answers_that_would_go_to_another_domain_are_told(author: str, answers: str, list_id: str, elsewhere: bool) -> None:
    found = find(incoming(("A", author), reply_to=(("", answers),) if answers else (), list_id=list_id))
    assert found.facts.get("names.reply_elsewhere", False) == elsewhere
    assert said(found) == ([("elsewhere", f"{author} {answers}")] if elsewhere else [])


def test_nothing_is_said_of_who_signed_in() -> None:
    assert find(replace(incoming(("Dana Reyes", EVIL)), inbound=False)).findings == ()


def test_without_a_directory_domains_are_looked_at_all_the_same() -> None:
    nobody = replace(WORLD, snapshot=None)
    found = find(incoming(("Dana Reyes", "a@springfie1d.gov"), world=nobody))
    assert [f.code for f in found.findings] == ["lookalike"]


def test_the_next_snapshot_is_what_is_asked() -> None:
    new = person("ada", "Ada Byron")
    assert find(incoming(("Ada Byron", EVIL))).findings == ()
    wider = world(snapshot([*PEOPLE, new], [*BOXES, mailbox(new)]))
    assert find(incoming(("Ada Byron", EVIL), world=wider)).facts["names.staff"] is True
    assert find(incoming(("Ada Byron", EVIL))).findings == ()


# -- names by themselves


LETTERS = st.text("abcdefghijklmnopqrstuvwyz", min_size=3, max_size=9).filter(lambda word: word not in staffnames._BESIDE)


@given(LETTERS, LETTERS, LETTERS, st.randoms(use_true_random=False))
def test_a_name_is_found_in_any_order_with_any_middle_name_and_tricks(
    given_: str, family: str, middle: str, chance: random.Random
) -> None:
    """P-26, P-27."""
    known = staffnames.Index().from_snapshot(snapshot([person("x", f"{given_} {family}")], ()))
    other = {"a": "а", "e": "е", "o": "ο", "c": "ϲ", "p": "р", "s": "ѕ", "i": "і", "n": "ո"}

    def disguised(word: str) -> str:
        return "".join(other.get(c, c) if chance.random() < 0.4 else c + "\u200b" * (chance.random() < 0.1) for c in word)

    for shape in (
        "{g} {f}",
        "{f}, {g}",
        "{f} {g}",
        "{g} {m} {f}",
        "{g} X. {f}",
        "Dr {g} {f} Jr",
        "{g}.{f}",
        "{F} {G}",
        "{f}, {g} {m} (x)",
    ):
        name = shape.format(g=disguised(given_), f=disguised(family), m=middle, F=family.upper(), G=given_.title())
        assert known.names(name), name


@given(st.text(max_size=60))
def test_whatever_a_name_is_it_is_read(name: str) -> None:
    staffnames.known_by(name)
    assert staffnames.words(staffnames.visible(name)) == staffnames.words(staffnames.visible(staffnames.visible(name)))
    found = find(incoming((name, EVIL)))
    assert all(len(f.mask) <= displaynames.MASK for f in found.findings)


def test_father_and_son_are_two_people() -> None:
    assert staffnames.is_same("Peter Novak Jr.", "Novak, Peter, Jr") and not staffnames.is_same("Peter Novak", "Peter Novak Jr.")
    assert not staffnames.is_same("Peter Novak II", "Peter Novak III")


def test_a_city_of_thousands_is_asked_in_microseconds_and_brought_up_to_date_in_milliseconds() -> None:
    many = snapshot([person(f"p{n}", f"{chr(65 + n % 26)}ada{n % 977} Family{n}") for n in range(6000)], ())
    index = staffnames.Index().from_snapshot(many)
    start = time.process_time()
    for n in range(2000):
        index.from_snapshot(many).names(f"Nobody Else{n}")
    assert time.process_time() - start < 5
    start = time.process_time()
    for n in range(20):
        many = apply_changes(many, [Changes(many.version + 1, many.at, (person(f"p{n}", f"New Person{n}"),))])
        assert index.from_snapshot(many).names(f"Person{n} New") and not index.names(f"{chr(65 + n % 26)}ada{n % 977} Family{n}")
    assert time.process_time() - start < 10


def test_names_are_looked_at_before_mail_comes(tmp_path: Path) -> None:
    displaynames.open_(WORLD.settings, tmp_path)
    assert publish(tmp_path, snapshot([ada := person("ada", "Ada Loveridge")], [mailbox(ada)]))
    displaynames.open_(WORLD.settings, tmp_path)
    before = staffnames.known_by.cache_info().misses
    assert find(incoming(("Ada Loveridge", EVIL), world=world(snapshot([ada], [mailbox(ada)])))).facts["names.staff"] is True
    assert staffnames.known_by.cache_info().misses == before


def test_hostile_names_cost_no_time() -> None:
    start = time.process_time()
    for name in ("a " * 100_000, "(" * 100_000, "a@" * 50_000, "\u0301" * 100_000, "Dana Reyes, " * 20_000, "- " * 100_000):
        find(incoming((name, EVIL), reply_to=((name, EVIL),) * 5))
    assert time.process_time() - start < 10


def test_machines_are_no_people() -> None:
    assert [p.id for p in staffnames.people(snapshot(), "Dana Reyes")] == ["dana"]
    assert isinstance(DANA, Person)
