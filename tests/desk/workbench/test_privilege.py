"""Privileged mail in an examination: a date until the city attorney clears it (P-16; E7)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.guard import models as guard
from civicmail.city.identity import models as identity
from civicmail.city.notices.models import Notice
from civicmail.core.query.match import matches
from civicmail.core.query.tree import Everything
from civicmail.desk.workbench import privilege
from civicmail.desk.workbench.models import Clearance, PrivilegedAddress
from civicmail.desk.workbench.privilege import Privilege, normalized
from civicmail.desk.workbench.queries import correspondents
from core.query.trees import SOME
from desk.workbench.looking import Visit, asked, entries, text
from desk.workbench.test_scope import VIEWS
from pages.world import Town

FIRM = "@outside.example"
WHY = "The contract with the firm is in question."
SECRETS = ("Kestrel", "heron-in-the-text", "egret", "bittern", "plover")
Examined = Callable[[str], Client]


@pytest.fixture
def examined(city: Town, visit: Visit) -> Client:
    """The head of a department, who examines its mail; a correspondent of all of it is a law firm."""
    Clearance.objects.all().delete()
    PrivilegedAddress.objects.all().delete()
    head = city.people["head"]
    guard.Mandate.objects.filter(number="26-001").update(ground="examination", role="department-head", person=head)
    PrivilegedAddress.objects.create(address=FIRM, kind="attorney", note="The firm", by="p-attorney", since=city.now)
    return visit("head")


@pytest.mark.parametrize(
    ("given_", "stored"),
    [
        ("Ann@Firm.example ", "ann@firm.example"),
        ("@firm.example", "@firm.example"),
        ("firm.example", ""),
        ("ann@", ""),
        ("@", ""),
        ("a@b@firm.example", ""),
        ("ann@localhost", ""),
        ("", ""),
    ],
)
def test_what_is_listed_is_an_address_or_a_whole_domain(given_: str, stored: str) -> None:
    assert normalized(given_) == stored


@pytest.mark.rule("P-16, E7", "What the index leaves out of a search as privileged is what the archived bytes say is privileged.")
@given(VIEWS, st.dictionaries(st.sampled_from(SOME), st.sampled_from(list(privilege.KINDS)), max_size=3))
def test_index_and_bytes_agree(seen: object, kinds: dict[str, str]) -> None:
    capture = uuid.uuid4().hex
    withheld = Privilege(kinds).withheld(capture, seen)  # type: ignore[arg-type]
    assert matches(Privilege(kinds).readable(Everything()), seen) == (not withheld)  # type: ignore[arg-type]
    assert Privilege(kinds, frozenset([capture])).withheld(capture, seen) == []  # type: ignore[arg-type]


@pytest.mark.rule("P-16, E7", "In an examination only the date and kind of privileged mail is shown, on every page.")
@pytest.mark.django_db
def test_only_the_date_of_privileged_mail_is_shown(city: Town, examined: Client) -> None:
    id_ = city.objects["mail delivered"]
    page = text(examined.get("/mandates/26-001/search/?q=kestrel"))
    assert "privileged.</strong>" in page and f"messages/{id_}" not in page
    stubs = text(examined.get("/mandates/26-001/privileged/?q=kestrel"))
    assert "Attorney and client" in stubs and f'value="{id_}"' in stubs and "Not asked for" in stubs
    assert not any(secret in page + stubs for secret in SECRETS)
    for path in ("", "frame/", "part/?path=1.2", "raw/", "?print=1", "?view=headers"):
        answer = asked(examined, f"messages/{id_}/{path}")
        assert answer.status_code == 403, path
        assert not any(secret in text(answer) for secret in SECRETS)
    assert "Attorney and client" in text(asked(examined, f"messages/{id_}/"))
    assert "5 messages are there now" in text(examined.get("/mandates/26-001/hold/")), "a hold covers them too"


@pytest.mark.rule("P-16, E7", "A request for records has its own review of privilege, and shows all mail in scope.")
@pytest.mark.django_db
def test_a_request_for_records_shows_it(city: Town, visit: Visit) -> None:
    PrivilegedAddress.objects.create(address=FIRM, kind="attorney", by="p-attorney", since=city.now)
    id_ = city.objects["mail delivered"]
    assert f"messages/{id_}" in text(visit("recorder").get("/mandates/26-001/search/?q=kestrel"))
    assert "egret" in text(visit("recorder").get(f"/mandates/26-001/messages/{id_}/"))


@pytest.mark.rule("P-16, E7", "The city attorney reads a privileged message, with an entry, and clears it for one examination.")
@pytest.mark.django_db
def test_the_city_attorney_clears_a_message(city: Town, visit: Visit, examined: Client) -> None:
    id_ = city.objects["mail delivered"]
    sent = examined.post("/mandates/26-001/privileged/?q=kestrel", {"id": [id_], "reason": WHY})
    assert sent.status_code == 200 and "The city attorney is asked about 1 message." in text(sent) and "Pending" in text(sent)
    row = Clearance.objects.get()
    assert (row.kinds, row.person.uid, row.capture) == (["attorney"], "p-head", uuid.UUID(id_).hex)
    attorney = visit("attorney")
    assert "Clear 1 privileged message" in text(attorney.get("/"))
    page = attorney.get(f"/privileged/messages/{row.pk}/")
    assert "egret" in text(page) and WHY in text(page)
    assert [e.person for e in entries("26-001", "content.privileged")] == ["p-attorney"]
    assert asked(examined, f"messages/{id_}/").status_code == 403, "not before the answer"
    done = attorney.post(
        f"/privileged/messages/{row.pk}/", {"decision": "yes", "reason": "An order of paving is no advice.", "state": "asked"}
    )
    assert done.status_code == 302
    assert "egret" in text(asked(examined, f"messages/{id_}/"))
    assert f"messages/{id_}" in text(examined.get("/mandates/26-001/search/?q=kestrel"))
    assert "egret" not in text(attorney.get(f"/privileged/messages/{row.pk}/")), "it is not opened again"
    notice = Notice.objects.filter(key__startswith=f"clearance:{row.pk}:").get()
    assert "approved" in notice.subject and "An order of paving" in notice.text and not any(s in notice.text for s in SECRETS)
    again = attorney.post(f"/privileged/messages/{row.pk}/", {"decision": "no", "reason": "Changed my mind.", "state": "cleared"})
    assert again.status_code == 409 and Clearance.objects.get().state == "cleared"


@pytest.mark.rule("P-16, E7", "A privileged message that the city attorney refused stays a date.")
@pytest.mark.django_db
def test_a_refused_message_stays_a_date(city: Town, visit: Visit, examined: Client) -> None:
    id_ = city.objects["mail delivered"]
    examined.post("/mandates/26-001/privileged/", {"id": [id_], "reason": WHY})
    row = Clearance.objects.get()
    visit("attorney").post(f"/privileged/messages/{row.pk}/", {"decision": "no", "reason": "Advice on a claim.", "state": "asked"})
    assert asked(examined, f"messages/{id_}/").status_code == 403
    page = text(examined.get("/mandates/26-001/privileged/"))
    assert "Denied" in page and "Advice on a claim." in page and f'value="{id_}"' not in page
    twice = examined.post("/mandates/26-001/privileged/", {"id": [id_], "reason": WHY})
    assert twice.status_code == 409 and Clearance.objects.count() == 1


@pytest.mark.rule("P-16, E7", "Only privileged messages within the scope can be asked for.")
@pytest.mark.django_db
def test_nothing_else_is_cleared(city: Town, visit: Visit, examined: Client) -> None:
    outside = city.objects["mail imported"]
    for ids in ([outside], [str(uuid.uuid4())], ["nonsense"], []):
        answer = examined.post("/mandates/26-001/privileged/", {"id": ids, "reason": WHY})
        assert answer.status_code in (409, 422), ids
    assert not Clearance.objects.exists()


@pytest.mark.rule("P-16, E3, E7", "Mail of the people examined is not privileged by their own address.")
@pytest.mark.django_db
def test_the_people_examined_are_no_correspondents(city: Town, examined: Client) -> None:
    PrivilegedAddress.objects.update(address="dana.ortiz@city.example", kind="union")
    assert f"messages/{city.objects['mail delivered']}" in text(examined.get("/mandates/26-001/search/?q=kestrel"))


@pytest.mark.rule("P-16, E7", "Mail with a holder of the role city attorney is privileged without being listed.")
@pytest.mark.django_db
def test_the_city_attorney_is_listed_by_itself(city: Town, visit: Visit) -> None:
    assert correspondents()["vera.holm@city.example"] == "attorney"
    identity.RoleAssignment.objects.filter(role="city-attorney").update(ended=city.now)
    assert "vera.holm@city.example" not in correspondents()


@pytest.mark.rule("P-16, E7", "The city attorney lists privileged addresses, and takes them off.")
@pytest.mark.django_db
def test_addresses_are_listed_and_taken_off(city: Town, visit: Visit) -> None:
    attorney = visit("attorney")
    form = {"address": "Clinic@Health.example", "kind": "health", "note": "Employee clinic", "reason": "The city's clinic."}
    assert attorney.post("/privileged/new/", form).status_code == 302
    row = PrivilegedAddress.objects.get(address="clinic@health.example")
    assert "Employee clinic" in text(attorney.get("/privileged/"))
    assert attorney.post("/privileged/new/", form).status_code == 409
    assert "for everybody there" in text(attorney.post("/privileged/new/", {**form, "address": "clinic"}))
    assert attorney.post(f"/privileged/{row.pk}/end/", {"reason": "The contract is over."}).status_code == 302
    attorney.get("/privileged/")  # with the sentence that it was taken off
    assert "clinic@health.example" not in text(attorney.get("/privileged/"))
    assert visit("head").post("/privileged/new/", form).status_code == 403
    assert [e.act for e in guard.Entry.objects.filter(object=f"privilege:{row.pk}").order_by("id")] == [
        "privilege.list",
        "privilege.unlist",
    ]


@pytest.mark.rule("P-16, E7", "Who asked for a privileged message does not clear it.")
@pytest.mark.django_db
def test_the_requester_does_not_clear_it(city: Town, visit: Visit) -> None:
    Clearance.objects.all().delete()
    row = Clearance.objects.create(
        mandate=guard.Mandate.objects.get(number="26-001"), capture=uuid.UUID(city.objects["mail delivered"]).hex,
        kinds=["attorney"], person=city.people["attorney"], made=city.now - timedelta(hours=1), reason=WHY,
    )  # fmt: skip
    answer = visit("attorney").post(
        f"/privileged/messages/{row.pk}/", {"decision": "yes", "reason": "It is fine.", "state": "asked"}
    )
    assert answer.status_code == 403 and Clearance.objects.get(pk=row.pk).state == "asked"
