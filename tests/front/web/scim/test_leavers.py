"""A single leaver loses access at once, whatever waits for an officer; a mass waits, however it comes (P-08, P-09; L1, L7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from city.identity import staff
from city.identity.staff import MS
from civicmail.city.directory.models import Department, Episode, FeedLine, FeedRun, Person
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.identity.actions import feed, feedkeys
from civicmail.city.identity.models import Authorization, Ending, RoleAssignment
from civicmail.city.notices.models import Notice
from front.web.scim.conftest import OFFICER, Provider
from pages.world import signed_in

User = Callable[..., dict[str, Any]]
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
OFF = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]}
HOUR, DAY_S = 3600, DAY_MS // 1000


class Leavers:
    """Users of a city of two hundred. ends(n) says that one of them is not active any more and returns the status."""

    def __init__(self, provider: Provider, user: User) -> None:
        self._provider, self._user = provider, user
        self._ids: dict[str, str] = {}

    def ends(self, *uids: str, do: str = "PATCH") -> list[int]:
        for uid in uids:
            if uid not in self._ids:
                status, said = self._provider.ask("POST", "/Users", self._user(uid))
                assert status == 201, said
                self._ids[uid] = str(said["id"])
        return [self._provider.ask(do, f"/Users/{self._ids[uid]}", OFF if do == "PATCH" else None)[0] for uid in uids]


@pytest.fixture
def leavers(crowd: Department, user: User) -> Leavers:
    token = feedkeys.make("Identity provider", days=90, actor=OFFICER, reason="The city's provider.", now=MS)
    return Leavers(Provider(token), user)


def mass(leavers: Leavers, begin: int = 0) -> None:
    """Four go by the two per cent of a day, the others are held."""
    assert leavers.ends(*(f"e-{n}" for n in range(begin, begin + 8))) == [204] * 4 + [503] * 4


def works(uid: str) -> bool:
    return Episode.objects.filter(person__uid=uid, ended__isnull=True).exists()


@pytest.fixture
def ann(crowd: Department) -> Person:
    head = staff.person("head")
    staff.employed(head, crowd)
    staff.policy()
    return staff.worker("ann", crowd, head)


@pytest.mark.rule(
    "P-08, P-09, P-29, L1",
    "A single leaver reported by an identity provider loses access within the request, whatever waits for an officer or "
    "was rejected.",
)
def test_a_single_leaver_is_shut_out_at_once_while_a_mass_waits(ann: Person, leavers: Leavers, frozen: Any) -> None:
    """Whoever was dismissed has no access within the request, and the mass of before waits on."""
    mass(leavers)
    frozen.shift(2 * HOUR)
    client = Client()
    client.cookies["sessionid"] = signed_in(ann)
    assert client.get("/my/access/").status_code == 200
    assert leavers.ends("ann") == [204]
    assert client.get("/my/access/").status_code == 302, "to the sign-in"
    assert Authorization.objects.get(person=ann).state == "revoked" and Ending.objects.get(person=ann).steps.count() == 10
    line = FeedLine.objects.get(uid="ann", did="ended")
    assert line.alone and line.run.state == "live" and "single leaver" in line.reason
    held = FeedRun.objects.get(state="stopped")
    assert sorted(held.lines.values_list("uid", flat=True)) == ["e-4", "e-5", "e-6", "e-7"] and all(map(works, ["e-4", "e-7"]))
    frozen.shift(DAY_S + HOUR)
    assert leavers.ends("e-20", do="DELETE") == [204] and not works("e-20")


def test_after_a_report_was_rejected_a_single_leaver_is_shut_out_at_once(leavers: Leavers, frozen: Any) -> None:
    """P-08, P-09, P-29, L1."""
    mass(leavers)
    frozen.shift(DAY_S)
    feed.reject(FeedRun.objects.get(state="stopped"), actor=OFFICER, reason="They are all here.", now=MS + DAY_MS)
    assert leavers.ends("e-20") == [204] and not works("e-20")


@pytest.mark.rule(
    "P-08, L7",
    "A leaver held as one of many is ended by an officer, and so is one within thirty days after an officer decided that "
    "they stay.",
)
def test_of_whom_an_officer_was_asked_an_officer_decides(leavers: Leavers, frozen: Any) -> None:
    """Nobody of the mass goes later as a single leaver, while it waits, nor when it was rejected, for thirty days."""
    mass(leavers)
    frozen.shift(DAY_S)
    assert leavers.ends("e-4") == [503], "it waits"
    feed.reject(FeedRun.objects.get(state="stopped"), actor=OFFICER, reason="They are all here.", now=MS + DAY_MS)
    frozen.shift(DAY_S)
    assert leavers.ends("e-5") == [503] and works("e-5"), "an officer said that they stay"
    feed.reject(FeedRun.objects.get(state="stopped"), actor=OFFICER, reason="They are all here.", now=MS + 2 * DAY_MS)
    frozen.shift(31 * DAY_S)
    assert leavers.ends("e-6") == [204]


@pytest.mark.rule("P-08, L7", "A mass is no row of single leavers: they are counted over an hour, a day and thirty days.")
def test_a_mass_is_no_row_of_single_leavers(leavers: Leavers, frozen: Any) -> None:
    """One in a thousand within an hour, and within a day; one in a hundred, or a handful, within thirty days."""
    mass(leavers)
    frozen.shift(2 * HOUR)
    assert leavers.ends("e-20", "e-21") == [204, 503], "two within an hour"
    frozen.shift(2 * HOUR)
    assert leavers.ends("e-22") == [503], "two within a day"
    frozen.shift(DAY_S)
    went = []
    for n in range(30, 40):
        went += leavers.ends(f"e-{n}")
        frozen.shift(DAY_S + HOUR)
    assert went == [204] * 4 + [503] * 6, "a handful within thirty days"
    frozen.shift(25 * DAY_S)
    assert leavers.ends("e-50") == [204]


@pytest.mark.rule("P-08, L7", "More than 5 % who are ended one by one within thirty days are held, however few they are a day.")
def test_a_mass_that_stays_below_the_brake_each_day_is_held_all_the_same(leavers: Leavers, frozen: Any) -> None:
    """More than 5 % within thirty days, until an officer has looked."""
    went = []
    for n in range(0, 18, 3):
        went += leavers.ends(*(f"e-{n + i}" for i in range(3)))
        frozen.shift(DAY_S + HOUR)
    assert went == [204] * 10 + [503] * 2 + [204] + [503] * 2 + [204] + [503] * 2
    held = FeedRun.objects.get(state="stopped")
    assert "more than 5 % of the people were ended within thirty days" in held.brake
    now = MS + 6 * (DAY_MS + HOUR * 1000)
    feed.apply(held, actor=OFFICER, reason="The season is over.", now=now, despite_brake=True)
    assert leavers.ends("e-30", "e-31") == [204, 204]


@pytest.mark.rule(
    "P-08",
    "The access office is notified once a day of further held leavers, and of how to end their access immediately.",
)
def test_the_office_hears_each_day_of_leavers_who_wait(leavers: Leavers, frozen: Any) -> None:
    """One of them may have been dismissed; the letter says how access ends now."""
    clerk = Department.objects.get(code="clerk")
    officer = staff.worker("office", clerk, staff.person("boss", account=False))
    grant = {"starts": staff.OLD, "until": staff.LATER, "by": "os", "reason": "roster"}
    RoleAssignment.objects.create(person=officer, role="access-officer", **grant)
    mass(leavers)
    first = Notice.objects.get()
    assert "on the page of that person" in first.text
    frozen.shift(DAY_S)
    assert leavers.ends("e-20", "e-21", "e-22") == [204, 503, 503]
    again = Notice.objects.exclude(pk=first.pk).get()
    assert again.to == first.to and "More people wait" in again.subject
    assert leavers.ends("e-21") == [503] and Notice.objects.count() == 2


@pytest.mark.rule("P-08, L1", "Nobody keeps access because a provider has removed a leaver's number.")
def test_a_leaver_whose_number_was_taken_away_is_ended(leavers: Leavers, crowd: Department, user: User) -> None:
    """Providers clear what they know of somebody who left; nobody keeps access for want of a number."""
    provider = leavers._provider
    status, said = provider.ask("POST", "/Users", user("e-1"))
    assert status == 201
    bare = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "e-1@city.example", "active": False}
    assert provider.ask("PUT", f"/Users/{said['id']}", bare)[0] == 200
    assert not works("e-1")
    assert provider.ask("PUT", f"/Users/{said['id']}", bare | {"active": True})[0] == 400, "who somebody is has to be said then"
    other = bare | {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "e-2"}}
    assert provider.ask("PUT", f"/Users/{said['id']}", other)[0] == 400 and works("e-2")


@pytest.mark.rule("P-08", "Held changes of a person who has left meanwhile delay nobody else.")
def test_who_leaves_while_a_move_waits_holds_up_nobody(leavers: Leavers, crowd: Department, user: User, frozen: Any) -> None:
    """They leave at once; the officer applies what waits for the others."""
    Episode.objects.exclude(person__uid__in=[f"e-{n}" for n in range(60)]).delete()
    provider, name = leavers._provider, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
    move = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": name, "value": "parks"}]}
    ids = []
    for n in range(8):
        said = user(f"e-{n}", name={"givenName": f"Given{n}", "familyName": f"Family{n}"})
        ids.append(provider.ask("POST", "/Users", said)[1]["id"])
    assert [provider.ask("PATCH", f"/Users/{id_}", move)[0] for id_ in ids] == [204] * 6 + [503] * 2
    assert provider.ask("PATCH", f"/Users/{ids[7]}", OFF)[0] == 204 and not works("e-7")
    held = FeedRun.objects.get(state="stopped")
    feed.apply(held, actor=OFFICER, reason="The department was renamed.", now=MS, despite_brake=True)
    assert Episode.objects.filter(department__code="parks", ended__isnull=True).count() == 7
    assert held.lines.get(uid="e-7").did == "refused"
