"""Agencies bind themselves to each version of the policy, contracts need a sponsor, and From says for which agency somebody writes
(P-09; C1, C5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from city.identity import staff
from city.identity.staff import MS, NOW, OLD
from civicmail.city.directory.models import Agency, Contract, Department, Person
from civicmail.city.guard import access_status
from civicmail.city.guard.access_status import GRACE_MS, Version
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Account
from civicmail.city.guard.reasons import Reasons
from civicmail.city.identity.actions import access_requests, organization, undertakings
from civicmail.city.identity.models import Acknowledgement, Authorization, PolicyText, RoleAssignment, Undertaking
from civicmail.city.identity.person_kinds import SPONSOR_GRACE_DAYS
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.identity.queries.snapshots import build_snapshot
from civicmail.city.notices.models import Notice
from civicmail.city.snapshot import sender_alignment

pytestmark = pytest.mark.django_db
OFFICE = Actor("one", "One", (HeldRole("access-officer", "", FOREVER),))


@pytest.fixture
def town() -> Department:
    """works with head; pat of Acme, whose contract boss sponsors; officer one."""
    head, boss = staff.person("head"), staff.person("boss")
    works = staff.department("works", head)
    staff.employed(head, works)
    staff.worker("one", works, head)
    staff.worker("pat", works, head, "contractor")
    staff.employed(boss, works)
    Contract.objects.update(sponsor=boss)
    one = Person.objects.get(uid="one")
    RoleAssignment.objects.create(person=one, role="access-officer", starts=OLD, until=staff.LATER, by="os", reason="roster")
    return works


def policy(version: int, at: int) -> PolicyText:
    """A version without the undertakings that staff.policy makes."""
    made = PolicyText.objects.create(
        version=version,
        title="E-mail use",
        text=f"Version {version}.",
        sha256=f"{version:064}",
        published=from_ms(at),
        by="os:root",
    )
    for uid in ("pat", "one", "boss"):
        Acknowledgement.objects.create(
            person=Person.objects.get(uid=uid), text=made, accepted=True, shown=made.sha256, at=from_ms(at + 1)
        )
    return made


def why(at: int, uid: str = "pat") -> str:
    return build_snapshot(1, at, ("city.example",)).people[uid].why


@pytest.mark.rule(
    "P-09",
    "An agency without the undertaking for the material version in force has no living access once its grace is over.",
)
def test_an_agency_without_the_current_undertaking_has_no_living_access(town: Department) -> None:
    """Whatever each person accepted; with the days of grace that everybody has; back with the signature."""
    first = policy(1, MS)
    assert why(MS + GRACE_MS - 1) == "" and "has not bound itself" in why(MS + GRACE_MS)
    pat = Account.objects.get(person__uid="pat")
    assert not actor_of(pat, "", MS + GRACE_MS).admitted and why(MS + GRACE_MS, "one") == ""
    seen = build_snapshot(1, MS + GRACE_MS, ("city.example",))
    assert seen.mailboxes["pat@city.example"].state == "held" and seen.people["pat"].grants == ()
    acme = Agency.objects.get(code="acme")
    with pytest.raises(NotPermitted):
        undertakings.record(acme, first, "File 26-1", actor=Actor("head", departments=frozenset({"works"})), now=MS + GRACE_MS)
    undertakings.record(acme, first, "File 26-1", actor=OFFICE, now=MS + GRACE_MS)
    assert why(MS + GRACE_MS) == ""
    second = policy(2, MS + 20 * DAY_MS)
    assert why(MS + 20 * DAY_MS + GRACE_MS - 1) == "" and why(MS + 20 * DAY_MS + GRACE_MS)
    with pytest.raises(Unusable, match="version in force"):
        undertakings.record(acme, first, "File 26-1", actor=OFFICE, now=MS + 40 * DAY_MS)
    Agency.objects.update(contact="Pat@city.example ")
    acme.refresh_from_db()
    with pytest.raises(NotPermitted, match="contact of the agency"):
        undertakings.give(acme, second, second.sha256, answer=True, actor=Actor("one"), now=MS + 40 * DAY_MS)
    with pytest.raises(Conflict):
        undertakings.give(acme, second, first.sha256, answer=True, actor=Actor("pat", admitted=False), now=MS + 40 * DAY_MS)
    undertakings.give(acme, second, second.sha256, answer=True, actor=Actor("pat", admitted=False), now=MS + 40 * DAY_MS)
    assert why(MS + 40 * DAY_MS) == ""
    with pytest.raises(IntegrityError), transaction.atomic():
        Undertaking.objects.all().delete()


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=4), st.integers(0, 5), st.integers(0, 60))
def test_an_undertaking_is_good_for_the_newest_material_version_or_its_grace(
    said: list[tuple[int, bool]], undertaken: int, day: int
) -> None:
    """Never longer, and a version that changes nothing asks for nothing."""
    days = sorted(at for at, _ in said)
    versions = tuple(Version(n + 1, at * DAY_MS, m) for n, (at, (_, m)) in enumerate(zip(days, said, strict=True)))
    now = day * DAY_MS
    good = access_status.is_bound(versions, undertaken, now)
    newest = max((v.number for v in versions if v.material and v.at <= now), default=0)
    if undertaken >= newest:
        assert good
    elif now >= versions[newest - 1].at + GRACE_MS:
        assert not good


@pytest.mark.rule(
    "P-09, C1",
    "Access under a contract whose sponsor left ends after seven days unless another is named, and no authorization lasts "
    "beyond that.",
)
def test_access_ends_at_the_earliest_of_contract_year_and_sponsor(town: Department) -> None:
    """Seven days after the sponsor left, unless another one is named; nobody is authorized beyond that."""
    boss = Person.objects.get(uid="boss")
    assert undertakings.sweep_sponsors(MS) == 0 and not Notice.objects.exists()
    boss.episodes.update(ended=NOW.date())
    assert undertakings.sweep_sponsors(MS) == 0 and undertakings.sweep_sponsors(MS + DAY_MS) == 0
    (notice,) = Notice.objects.all()
    assert notice.to == "one@city.example" and "9 March 2026" in notice.text, "told once"
    new = staff.person("new")
    staff.employed(new, town, "contractor")
    with pytest.raises(Unusable, match="9 March 2026 at the latest"):
        access_requests.ask(new, reasons=Reasons(**staff.WORDS), until=MS + 30 * DAY_MS, actor=OFFICE, now=MS)
    last = MS + SPONSOR_GRACE_DAYS * DAY_MS
    assert undertakings.sweep_sponsors(last) == 0 and why(last) == ""
    over = last + DAY_MS
    assert undertakings.sweep_sponsors(over) == 1 and undertakings.sweep_sponsors(over) == 0
    assert Authorization.objects.get(person__uid="pat").state == "expired" and why(over)


def test_who_is_sponsored_again_in_time_loses_nothing(town: Department) -> None:
    """C1."""
    Person.objects.get(uid="boss").episodes.update(ended=NOW.date())
    undertakings.sweep_sponsors(MS)
    contract = Contract.objects.get()
    organization.change_contract(
        contract, Person.objects.get(uid="one"), contract.ends, actor=OFFICE, reason="The next one answers.", now=MS + 6 * DAY_MS
    )
    assert undertakings.sweep_sponsors(MS + 9 * DAY_MS) == 0
    assert Authorization.objects.get(person__uid="pat").until == staff.LATER and why(MS + 9 * DAY_MS) == ""


@pytest.mark.rule("P-14, C5", "If the city requires it, From names the agency of the writer.")
def test_from_says_for_which_agency_somebody_writes_where_the_city_wants_it(town: Department, settings: Any) -> None:
    """Corrected on the way out, whatever the program wrote; the city's own people are not touched."""

    def named() -> tuple[str, str]:
        boxes = build_snapshot(1, MS, ("city.example",)).mailboxes
        return boxes["pat@city.example"].name, boxes["one@city.example"].name

    assert named() == ("Pat Test", "One Test")
    settings.CITY = replaced(settings.CITY)
    assert named() == ("Pat Test (contractor – Acme Paving)", "One Test")
    snapshot = build_snapshot(1, MS, ("city.example",))
    header = b"From: Pat Test <pat@city.example>\r\n"
    verdict = sender_alignment.check(header, "pat@city.example", snapshot, person=snapshot.people["pat"], now=MS)
    (correction,) = verdict.corrections
    assert correction.code == "correct:from" and "=?utf-8?b?" in correction.mask


def replaced(city: Any) -> Any:
    """The settings with the agency after the name."""
    return replace(city, city=replace(city.city, agencies_named=True))
