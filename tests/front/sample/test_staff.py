"""The sample city's people: made by the verbs that pages use, each kind, state and role at least once."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.city.conduct.models import Leaver, ReviewRow, Statement, Violation
from civicmail.city.directory.models import Department, Episode, Kind, Person
from civicmail.city.guard import guard
from civicmail.city.guard.models import Entry, Mandate
from civicmail.city.guard.roles import ROLES
from civicmail.city.identity.models import Authorization, RoleAssignment, Tally
from civicmail.city.snapshot.models import Publication
from civicmail.city.snapshot.published_snapshot import snapshot_path
from civicmail.city.snapshot.snapshot_file import decode
from civicmail.front.sample.cast import cast
from civicmail.front.sample.conduct import conduct
from civicmail.front.sample.examinations import looks
from civicmail.front.sample.past_year import count_year
from civicmail.front.sample.people import DEMO, SAMPLE
from civicmail.front.sample.staff import populate

NOW = 1_772_452_800_000


@pytest.mark.same_on_postgresql("the next test fills it by the same verbs")
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("frozen")
def test_the_sample_city_has_everybody(installed: Path) -> None:
    city = populate(NOW)
    assert guard.is_claimed(installed) and Publication.objects.get().version == 1
    seen = decode(snapshot_path(installed).read_bytes())
    assert set(Episode.objects.values_list("kind", flat=True)) == set(Kind.values)
    assert {"asked", "active", "suspended", "revoked", "refused"} <= set(Authorization.objects.values_list("state", flat=True))
    assert set(RoleAssignment.objects.values_list("role", flat=True)) == set(ROLES)
    held = {"suspended", "ended", "declined"}
    for name, person in city.named.items():
        if name == "without-access":
            continue
        box = person.mailboxes.get()
        assert seen.mailboxes[box.address].state == ("held" if name in held else "open"), name
        assert bool(seen.people[person.uid].why) == (name in held | {"unacknowledged"}), name
    reachable = sum(seen.mailbox_of(p.address) is not None for p in SAMPLE.employees)
    assert reachable >= len(SAMPLE.employees) - 2, "the sample mail's addresses are these people's"
    assert {"report@city.example", "records@city.example"} <= set(seen.groups), "pages name these addresses"
    assert len(seen.groups["everybody@city.example"]) > 85 and len(city.pending) == 2
    assert Entry.objects.count() > 400


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("frozen", "installed")
def test_the_demos_city_has_six_departments_four_hundred_people_and_looks_in_every_state() -> None:
    city = populate(NOW, DEMO)
    assert Department.objects.filter(parent__code="city").count() == 6 and 390 <= Person.objects.count() <= 410
    count_year(city, NOW, seed=1)
    works = Tally.objects.filter(department=city.departments["works"])
    months = [str(month)[:7] for month in works.filter(what="files-minutes").order_by("month").values_list("month", flat=True)]
    assert len(months) == 24 and (months[0], months[12], months[-1]) == ("2024-04", "2025-04", "2026-03")
    accepted = works.filter(what="policy-accepted").order_by("month").values_list("count", flat=True)
    assert len(accepted) == 23 and accepted[0] < accepted[22] <= len(city.team["works"]), "of the months that are over"
    sums = {
        what: sum(works.filter(what=what).values_list("count", flat=True))
        for what in ("release-asked", "release-let", "release-kept")
    }
    assert sums["release-asked"] == sums["release-let"] + sums["release-kept"] > 0
    assert len(looks(city, NOW)) == 4
    assert list(Mandate.objects.order_by("id").values_list("state", flat=True)) == ["approved", "asked", "closed", "refused"]
    conduct(city, NOW)
    assert set(Violation.objects.values_list("state", flat=True)) == {"reported", "appealed", "unfounded", "recorded"}
    assert set(Statement.objects.values_list("state", flat=True)) == {"open", "signed", "exceptions"}
    assert ReviewRow.objects.filter(state="open").count() > 50 > ReviewRow.objects.filter(state="pending").count() > 0
    assert set(Leaver.objects.values_list("choice", flat=True)) == {"", "reply"}
    roles = cast(city)
    assert {role.role for role in roles} >= {"Employee", "Department head", "Records officer", "City attorney", "Auditor"}
    assert len({role.login for role in roles}) == len(roles) == 23
