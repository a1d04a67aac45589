"""The warning above a message and Verify know the same people by the same names (P-26, P-27)."""
# ruff: noqa: RUF001 - letters that look alike are the point of it

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.desk.holding.verification_channels import Channel, Claim, find_channel
from civicmail.mail.screening import displaynames
from civicmail.mail.screening.claimed_identity import identify
from mail.screening.joints import BOXES, CITY, DANA, PEOPLE, incoming, snapshot, world

EVIL = "x@evil.example"
SNAPSHOT = snapshot()
WORLD = world(SNAPSHOT)
ALIKE = str.maketrans("aeopcyxABEKMHOPCTX", "аеорсухАВЕКМНОРСТХ")
TITLE = st.sampled_from(["", "Mayor ", "City Clerk ", "Dr. ", "Hon. ", "Deputy Chief ", "The ", "Prof. Dr. "])
BEHIND = st.sampled_from(["", " (Parks)", " | City of Springfield", ", PhD", " via Payroll", " Esq.", " <x@other.example>"])
SPELLED = st.sampled_from([
    "Dana M. Reyes", "Dana Reyes", "Reyes, Dana", "dana.reyes", "D a n a R e y e s", "Rosa Garcia", "ROSA LÓPEZ", "Peter Novak Jr",
    "John Okonjole", "Mei Nakashiro", f"dana@{CITY}", f"payroll@{CITY}", f"nobody@{CITY}", f"Ask rosa@{CITY}", f"john＠{CITY}",
    "Dana", "Nobody Known", "Payroll", "", "Mayor", "City Clerk", "dana@other.example",
])  # fmt: skip


def spelled(title: str, name: str, behind: str, alike: bool) -> str:
    return f"{title}{name.translate(ALIKE) if alike else name}{behind}"


NAMES = st.builds(spelled, TITLE, SPELLED, BEHIND, st.booleans())


def warned(name: str) -> set[str]:
    """Whom the warning names: mailboxes of the city."""
    found = set()
    for one in displaynames.find(incoming((name, EVIL), world=WORLD)).findings:
        if one.code == "staff":
            found |= {box.id for box in BOXES if box.kind == "personal" and box.name == one.mask.removesuffix(f" {EVIL}")}
        elif one.code == "address" and (box := SNAPSHOT.mailbox_of(one.mask.split(" ")[0])) is not None:
            found.add(box.id)
        elif one.code == "address":
            found |= {box.id for box in identify(SNAPSHOT, name).mailboxes}
    return found


def asked(name: str) -> str:
    by = find_channel(Claim(name, EVIL, frozenset({EVIL})), "nobody", SNAPSHOT, {CITY}, lambda *_: ())
    return by.address if by is not None else ""


@given(NAMES)
@settings(max_examples=400)
def test_the_warning_and_verify_name_the_same(name: str) -> None:
    """Where the name is that of several nobody is asked, and the warning stands all the same."""
    known = warned(name)
    people = {person.id for person in identify(SNAPSHOT, name).people}
    assert asked(name) in known or (not asked(name) and (not known or len(people) > 1)), (known, asked(name))


@given(st.text(max_size=60), st.sampled_from(["", f"dana@{CITY}", "Dana Reyes", f"dаna@{CITY}"]))
@settings(max_examples=150)
def test_any_name_is_read_by_both(text: str, claim: str) -> None:
    name = text + " " + claim
    if asked(name):
        assert asked(name) in warned(name)


def test_nobody_is_asked_in_place_of_two() -> None:
    assert asked("Mayor Mei Nakashiro") == "" and len(warned("Mayor Mei Nakashiro")) == 2


def test_a_mailbox_that_is_closed_is_not_asked() -> None:
    boxes = [replace(box, state="closed") if box.holder == DANA.id else box for box in BOXES]
    there = snapshot(PEOPLE, boxes)
    for name in ("Dana Reyes", f"dana@{CITY}"):
        assert find_channel(Claim(name, EVIL, frozenset()), "nobody", there, {CITY}, lambda *_: ()) is None


def test_an_office_is_asked_by_its_address_in_a_name() -> None:
    assert find_channel(Claim(f"payroll@{CITY}", EVIL, frozenset()), "dana", SNAPSHOT, {CITY}, lambda *_: ()) == Channel(
        f"payroll@{CITY}", True, "Payroll"
    )
