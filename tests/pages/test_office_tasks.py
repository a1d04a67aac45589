"""What the access office and heads do on pages: agencies, mailboxes, lists, the policy, departments, conflicts, saved views.

Without script (P-04, P-06, P-07, P-08, P-09, P-16, P-18).
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from civicmail.city.directory.models import Address, Agency, Contract, Department, Mailbox, MailGroup, Person
from civicmail.city.guard.models import Entry
from civicmail.city.identity.models import Acknowledgement, Authorization, ConflictRecord, Ending, PolicyText, Usage
from civicmail.front.web.models import SavedView
from pages.test_tasks import hidden, text_of
from pages.world import REASONS, TEXT, Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
SOON = (timezone.localdate() + timedelta(days=50)).isoformat()
BECAUSE = "The council decided it on Monday, item 14."


def done(client: Client, path: str, form: dict[str, Any]) -> str:
    """Where the form leads; it was carried out."""
    answer = client.post(path, {"reason": BECAUSE, **form})
    assert answer.status_code == 302, text_of(answer)[:1500]
    return str(answer.headers["Location"])


def test_an_agency_comes_with_its_contract_and_is_switched_off_and_on(city: Town, visit: Visit) -> None:
    """P-09: the numbers are on the page before the act, one entry names everybody, and a second click hears so."""
    office = visit("office")
    at = done(office, "/access/agencies/new/", {"code": "paving", "name": "Acme Paving", "contact": "J. Doe 555-0100"})
    contract = {"number": "27-1", "sponsor": "p-head", "starts": SOON, "ends": SOON}
    assert office.post(f"{at}contracts/new/", {**contract, "reason": BECAUSE, "ends": "2020-01-01"}).status_code == 422
    done(office, f"{at}contracts/new/", contract)
    assert "27-1" in text_of(office.get(at)) and "Scheduled" in text_of(office.get(at))
    done(office, f"{at}change/", {"name": "Acme Paving & Sons", "contact": ""})
    assert "Acme Paving &amp; Sons" in office.get(at).content.decode()

    off = office.get("/access/agencies/northline/off/")
    assert "Switch off 1 agency with 1 person" in text_of(off) and b" checked" not in off.content
    done(office, "/access/agencies/northline/off/", {})
    assert office.post("/access/agencies/northline/off/", {"reason": BECAUSE}).status_code == 409
    shown = text_of(office.get("/access/agencies/northline/"))
    assert "This agency is switched off." in shown and "Switched off, with 1 person" in shown and BECAUSE in shown
    assert "Northline is suspended" in text_of(visit("crew2").get("/my/access/")) or Agency.objects.get(code="northline").suspended
    done(office, "/access/agencies/northline/on/", {})
    assert Agency.objects.get(code="northline").suspended is None


@pytest.mark.rule("P-09, C1", "An earlier end of a contract ends access of its people, and a later one extends nobody's.")
def test_a_contract_that_ends_earlier_ends_access_with_it(city: Town, visit: Visit) -> None:
    """And a later end makes nobody's access longer."""
    contract, a = Contract.objects.get(), city.authorizations["crew2"]
    path = f"/access/contracts/{contract.pk}/"
    done(visit("office"), path, {"sponsor": "p-head", "ends": SOON})
    a.refresh_from_db()
    assert timezone.localtime(a.until - timedelta(seconds=1)).date().isoformat() == SOON
    assert city.authorizations["crew0"].until > a.until, "another employer's"
    done(visit("office"), path, {"sponsor": "p-head", "ends": (city.now.date() + timedelta(days=300)).isoformat()})
    later = a.until
    a.refresh_from_db()
    assert a.until == later


def test_a_mailbox_of_a_role_is_made_used_by_named_people_and_closed(city: Town, visit: Visit) -> None:
    """M1, M5: owner, users by request and approval of somebody else, an end of one right, and then it closes."""
    head, deputy = visit("head"), visit("deputy")
    form = {"kind": "function", "department": "public-works", "address": "snow@city.example", "name": "Snow", "expires": ""}
    assert head.post("/access/mailboxes/new/", {**form, "purpose": "short", "reason": BECAUSE}).status_code == 422
    assert (
        visit("chief")
        .post("/access/mailboxes/new/", {**form, "purpose": "Reports of snow on roads.", "reason": BECAUSE})
        .status_code
        == 422
    )
    at = done(head, "/access/mailboxes/new/", {**form, "purpose": "Reports of snow on roads."})
    assert at == "/access/mailboxes/snow@city.example/"
    assert "Held" in text_of(head.get(at))
    ask = {"person": "p-crew1", "role": "delegate", "until": SOON, **REASONS}
    assert head.post(f"{at}users/new/", {**ask, "person": "nobody"}).status_code == 422
    assert head.post(f"{at}users/new/", ask).status_code == 302
    a = Authorization.objects.get(mailbox__address="snow@city.example")
    assert (a.state, a.role, a.requester.uid) == ("asked", "delegate", "p-head")
    assert head.post(f"/access/requests/{a.pk}/", {"decision": "approve", "state": "asked"}).status_code == 403
    deputy.post(f"/access/requests/{a.pk}/", {"decision": "approve", "reason": "", "state": "asked"})
    assert "Pat" in text_of(head.get(at)) or "Lena Vogt" in text_of(head.get(at))
    assert head.post(f"{at}close/", {"reason": BECAUSE}).status_code == 409, "somebody uses it"
    done(head, f"/access/authorisations/{a.pk}/end/", {})
    assert Authorization.objects.get(pk=city.authorizations["crew1"].pk).state == "active", "their own stays"
    done(head, f"{at}close/", {})
    assert head.post(f"{at}close/", {"reason": BECAUSE}).status_code == 409, "a doubled click"
    closed = text_of(head.get(at))
    assert "Closed" in closed and "Who used it before" in closed
    assert "snow@" in text_of(head.get("/dept/public-works/mailboxes/?state=closed"))
    assert "snow@" not in text_of(head.get("/dept/public-works/mailboxes/?state=open"))


def test_the_mailbox_of_a_machine_gets_more_time(city: Town, visit: Visit) -> None:
    form = {
        "kind": "service",
        "department": "public-works",
        "address": "scale@city.example",
        "name": "Scale",
        "purpose": "Weighs trucks at the gate.",
    }
    assert visit("head").post("/access/mailboxes/new/", {**form, "reason": BECAUSE}).status_code == 422, "it has an end"
    at = done(visit("head"), "/access/mailboxes/new/", {**form, "expires": SOON})
    later = (timezone.localdate() + timedelta(days=90)).isoformat()
    done(visit("head"), f"{at}renew/", {"until": later})
    expires = Mailbox.objects.get(address="scale@city.example").expires
    assert expires is not None and (timezone.localtime(expires) - timedelta(seconds=1)).date().isoformat() == later


def test_an_address_is_added_ended_and_answered_for_by_day(city: Town, visit: Visit) -> None:
    """L3, P-08: who was this address on that day? Nobody else ever gets it."""
    head, office = visit("head"), visit("office")
    at = "/access/mailboxes/streets@city.example/"
    done(head, f"{at}addresses/new/", {"address": "detours@city.example"})
    assert head.post(f"{at}addresses/new/", {"address": "x@outside.example", "reason": BECAUSE}).status_code == 422
    done(head, f"{at}addresses/end/", {"address": "closures@city.example"})
    assert Address.objects.get(address="closures@city.example").until is not None
    then = (timezone.localdate() - timedelta(days=10)).isoformat()
    answer = text_of(office.get(f"/access/addresses/?address=closures@city.example&day={then}"))
    assert ("Streets and Closures, a function mailbox" in answer and "Public Works" in answer) or "public-works" in answer
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    assert "Nobody was reached" in text_of(office.get(f"/access/addresses/?address=closures@city.example&day={tomorrow}"))
    holder = text_of(office.get("/access/addresses/?address=dana.ortiz%2Bbank@city.example"))
    assert "Dana Ortiz" in holder, "what follows a plus is the holder's own affair"


@pytest.mark.rule("P-07", "Other users of a mailbox are shown to its department, the access office, auditors and its owner.")
def test_the_holder_sees_who_else_uses_the_own_mailbox_and_asks_for_a_delegate(city: Town, visit: Visit) -> None:
    """P-07: nobody else's is shown."""
    mine = "/access/mailboxes/dana.ortiz@city.example/"
    crew = visit("crew0")
    assert mine in crew.get("/my/access/").content.decode()
    assert crew.get(mine).status_code == 200 and crew.get("/access/mailboxes/lena.vogt@city.example/").status_code == 403
    ask = {"person": "p-crew1", "role": "successor", "until": SOON, **REASONS}
    assert crew.post(f"{mine}users/new/", ask).status_code == 302
    assert Authorization.objects.filter(mailbox__address="dana.ortiz@city.example", role="successor", state="asked").exists()
    assert crew.post(f"{mine}users/new/", {**ask, "person": "p-crew0"}).status_code == 403


@pytest.mark.rule("P-04", "Access is extended by an approver who saw its present end.")
def test_access_is_kept_for_longer_before_it_ends_by_somebody_else(city: Town, visit: Visit) -> None:
    """P-04: with a reason and an end, compared with what the page showed."""
    a = city.authorizations["crew1"]
    path = f"/access/authorisations/{a.pk}/extend/"
    assert path in visit("head").get("/dept/public-works/people/p-crew1/").content.decode()
    for who in ("super", "crew1", "office", "chief"):
        assert visit(who).get(path).status_code == 403, who
    head = visit("head")
    seen = hidden(head.get(path))
    far = (timezone.localdate() + timedelta(days=800)).isoformat()
    assert head.post(path, {**seen, "reason": "short", "until": SOON}).status_code == 422
    late = head.post(path, {**seen, "reason": BECAUSE, "until": far})
    assert late.status_code == 422 and "at the latest" in text_of(late), "more than a year is not shortened without a word"
    done(head, path, {**seen, "until": SOON})
    a.refresh_from_db()
    assert timezone.localtime(a.until - timedelta(seconds=1)).date().isoformat() == SOON and a.approver.uid == "p-head"
    assert visit("deputy").post(path, {**seen, "until": SOON, "reason": BECAUSE}).status_code == 409, (
        "another end than the one shown"
    )


def test_a_list_gets_members_loses_them_and_closes(city: Town, visit: Visit) -> None:
    """P-06: named ones, other lists, and everybody; how many mail to it reaches."""
    head = visit("head")
    form = {"department": "public-works", "address": "all-works@city.example", "name": "All of Public Works", "everyone": "all"}
    at = done(head, "/access/lists/new/", form)
    assert "all personal mailboxes of the department" in text_of(head.get(at))
    done(head, f"{at}add/", {"address": "crews@city.example"})
    assert head.post(f"{at}add/", {"address": "nobody@city.example", "reason": BECAUSE}).status_code == 422
    crews = "/access/lists/crews@city.example/"
    assert "all-works@city.example" in text_of(head.get(crews)) and "3 mailboxes" in text_of(head.get(crews))
    done(head, f"{crews}add/", {"address": "closures@city.example"})
    group = MailGroup.objects.get(address="crews@city.example")
    assert group.members.count() == 3, "an alias is its mailbox, which is on it"
    done(head, f"{crews}take-out/", {"address": "streets@city.example"})
    assert group.members.count() == 2
    done(head, f"{crews}close/", {})
    assert "Closed" in text_of(head.get(crews)) and head.post(f"{crews}close/", {"reason": BECAUSE}).status_code == 409


@pytest.mark.rule("P-18, P1", "A version of the policy is published once, after the one that its author saw.")
def test_a_version_of_the_policy_is_written_compared_and_published_once(city: Town, visit: Visit) -> None:
    """What changed is shown before; nothing is preselected; of two who publish at once the second hears so."""
    office, path = visit("office"), "/access/policy/new/"
    first = office.get(path)
    assert b" checked" not in first.content
    words = {
        **hidden(first),
        "title": "E-mail use policy",
        "text": TEXT.replace("No campaigning", "No advertising"),
        "from": "write",
    }
    assert office.post(path, {**words, "material": "yes", "changed": ""}).status_code == 422
    words |= {"changed": "Advertising is named.", "material": "yes"}
    check = office.post(path, words)
    shown = check.content.decode()
    assert "<ins>" in shown and "<del>" in shown and "No advertising" in shown and "Removed: " in shown
    assert not PolicyText.objects.filter(version=8).exists()
    assert "Advertising is named." in office.post(path, {**words, "go": "write"}).content.decode(), (
        "nothing is lost on the way back"
    )
    kept = {**words, "from": "check"}
    assert office.post(path, {**kept, "reason": "short"}).status_code == 422
    assert office.post(path, {**kept, "reason": BECAUSE}).status_code == 302
    made = PolicyText.objects.get(version=8)
    assert made.material and made.changed == "Advertising is named." and "\r" not in made.text
    assert office.post(path, {**kept, "reason": BECAUSE}).status_code == 409, "from an old page"
    versions = text_of(office.get("/access/policy/"))
    assert "Version 8" in versions and "Version 7" in versions and "Active" in versions and "Superseded" in versions
    assert visit("crew0").get("/policy/versions/7/").status_code == 200


def test_a_paper_counts_with_where_it_is_kept(city: Town, visit: Visit) -> None:
    """P3: never one's own."""
    path = "/access/policy/paper/?person=p-crew3"
    form = {"person": "p-crew3", "version": "7", "answer": "accept", "reference": "Box 12, sheet 4"}
    assert visit("head").post(path, {**form, "reference": ""}).status_code == 422
    assert visit("head").post(path, form).headers["Location"] == "/dept/public-works/people/p-crew3/"
    made = Acknowledgement.objects.get(person=city.people["crew3"])
    assert (made.how, made.reference, made.accepted) == ("paper", "Box 12, sheet 4", True)
    assert visit("head").post(path, form).status_code == 409, "a doubled click"
    assert visit("head").post(path, {**form, "person": "p-head"}).status_code == 403


def test_a_department_is_opened_led_moved_closed_and_opened_again(city: Town, visit: Visit) -> None:
    """P-04: a head who does not work here is refused; one that has people does not close."""
    office = visit("office")
    new = {"code": "parks", "name": "Parks", "parent": "public-works", "cost": "212.50"}
    assert done(office, "/access/departments/new/", new) == "/access/departments/parks/lead/"
    parks = Department.objects.get(code="parks")
    assert (parks.mailbox_cost, str(parks.parent)) == (21_250, "Public Works")
    done(office, "/access/departments/parks/change/", {"name": "Parks and Gardens", "cost": "220"})
    parks.refresh_from_db()
    assert (parks.name, parks.mailbox_cost) == ("Parks and Gardens", 22_000)
    lead = {"head": "p-crew0", "deputies": "p-crew1\np-crew2", "was": ""}
    assert office.post("/access/departments/parks/lead/", {**lead, "head": "p-crew11", "reason": BECAUSE}).status_code == 422, (
        "has left"
    )
    done(office, "/access/departments/parks/lead/", lead)
    assert office.post("/access/departments/parks/lead/", {**lead, "reason": BECAUSE}).status_code == 409, "another head than shown"
    shown = text_of(office.get("/access/departments/parks/"))
    assert "Dana Ortiz" in shown and "Pat Nguyen, Lena Vogt" in shown
    assert office.post("/access/departments/public-works/place/", {"parent": "parks", "reason": BECAUSE}).status_code == 422, (
        "a circle"
    )
    done(office, "/access/departments/parks/place/", {"parent": ""})
    assert office.post("/access/departments/public-works/close/", {"reason": BECAUSE}).status_code == 422
    done(office, "/access/departments/parks/close/", {})
    assert office.post("/access/departments/parks/close/", {"reason": BECAUSE}).status_code == 409, "a doubled click"
    assert "Open again" in text_of(office.get("/access/departments/parks/"))
    done(office, "/access/departments/parks/reopen/", {})
    assert Department.objects.get(code="parks").closed is None
    assert "Opened again" in text_of(office.get("/access/departments/parks/"))


def test_a_conflict_is_recorded_shown_with_what_watches_over_it_and_makes_room(city: Town, visit: Visit) -> None:
    """D3: then the role can be granted."""
    office, path = visit("office"), "/access/duties/conflicts/new/"
    form = {"person": "p-author", "first": "policy-author", "second": "auditor", "until": SOON}
    control = "The city attorney reads every entry of the policy each month."
    assert office.post(path, {**form, "control": "short"}).status_code == 422
    assert office.post(path, {**form, "second": "examiner", "control": control}).status_code == 422
    assert office.post(path, {**form, "control": control}).status_code == 302
    shown = text_of(office.get("/access/duties/"))
    assert "Cleo Hart holds Auditor and Policy author until" in shown and control in shown
    assert office.post(path, {**form, "person": "p-office", "control": control}).status_code == 403
    assert office.post(path, {**form, "control": control}).status_code == 409, "a doubled click"
    assert ConflictRecord.objects.count() == 1
    grant = {"person": "p-author", "duty": "auditor", "until": SOON, "reason": BECAUSE}
    assert office.post("/access/duties/grant/", grant).status_code == 302


@pytest.mark.rule("P-06", "A saved view contains a list's own query and nothing that grants access.")
def test_a_view_is_saved_shown_at_home_and_above_the_list_and_deleted(city: Town, visit: Visit) -> None:
    """The query alone, of one's own, without what opens a door; thirty at most."""
    head, path = visit("head"), "/dept/public-works/people/"
    page = head.get(f"{path}?state=active&sort=-used&page=2").content.decode()
    assert "/views/save/?page=/dept/public-works/people/&amp;query=state%3Dactive%26sort%3D-used" in page.replace("%2F", "/")
    form = {"page": path, "query": "state=active&token=abc&page=3&sort=-used&format=csv", "name": "Used lately", "pinned": "on"}
    answer = head.post("/views/save/", form)
    assert answer.headers["Location"] == f"{path}?state=active&sort=-used"
    saved = SavedView.objects.get(name="Used lately")
    assert saved.query == "state=active&sort=-used" and "token" not in saved.url
    assert "Used lately" in text_of(head.get("/")) and "Used lately" in text_of(head.get(path))
    assert "Used lately" not in text_of(visit("deputy").get(path)), "one's own"
    head.post("/views/save/", {**form, "query": "state=asked", "pinned": ""})
    saved.refresh_from_db()
    assert (saved.query, saved.pinned) == ("state=asked", False) and "Used lately" not in text_of(head.get("/"))
    for wrong in ("https://evil.example/", "//evil.example/", "/accounts/welcome/x/", "/nowhere/", ""):
        assert head.post("/views/save/", {**form, "page": wrong}).status_code == 404, wrong
    assert head.get("/views/save/", {"page": path, "query": "a=1&" * 60}).status_code == 200
    assert head.post("/views/save/", {**form, "name": ""}).status_code == 422
    assert visit("deputy").post(f"/views/{saved.pk}/delete/").status_code == 404
    assert head.post(f"/views/{saved.pk}/delete/").headers["Location"] == "/views/"
    made = [SavedView(person=city.people["head"], page=path, name=f"n{n}", made=city.now) for n in range(30)]
    SavedView.objects.bulk_create(made)
    assert head.post("/views/save/", form).status_code == 422


def test_every_page_of_an_object_shows_its_history_with_reasons(city: Town, visit: Visit) -> None:
    """A1: who, when, why, newest first."""
    head = visit("head")
    done(head, "/access/mailboxes/streets@city.example/addresses/new/", {"address": "b@city.example"})
    done(head, "/access/lists/crews@city.example/take-out/", {"address": "streets@city.example"})
    for path, words in (
        ("/access/mailboxes/streets@city.example/", "added b@city.example"),
        ("/access/lists/crews@city.example/", "removed streets@city.example"),
    ):
        shown = text_of(head.get(path))
        assert words in shown and "Rosa Hale" in shown and BECAUSE in shown, path
    assert Entry.objects.filter(act="group.change").count() == 1


@pytest.mark.rule("P-18, P2", "A head sees who cannot send because of the policy.")
def test_the_head_is_told_who_cannot_send_for_want_of_the_policy(city: Town, visit: Visit) -> None:
    """And finds them in the list."""
    Authorization.objects.filter(person=city.people["crew5"]).update(state="active")  # never accepted
    home = visit("head").get("/").content.decode()
    assert "Remind who has not accepted the policy" in home and "/dept/public-works/people/?policy=overdue" in home
    listed = text_of(visit("head").get("/dept/public-works/people/?policy=overdue"))
    assert "Ngozi Okafor" in listed and "Dana Ortiz" not in listed


@pytest.mark.rule("P-05, M7", "Received mail alone is no use of a mailbox.")
def test_mail_that_only_came_in_is_no_use_of_a_mailbox(city: Town, visit: Visit) -> None:
    """What others send there says nothing about who has it."""
    path = "/dept/public-works/people/?q=ortiz&format=csv"

    def used() -> str:
        file: Any = visit("head").get(path)
        rows = list(csv.DictReader(b"".join(file.streaming_content).decode("utf-8-sig").splitlines()))
        return rows[0]["Last used"]

    assert used() == (city.now.date() - timedelta(days=3)).isoformat()
    Usage.objects.update(sent=0)
    assert used() == ""
    assert "never used" in text_of(visit("office").get("/access/"))


def test_somebody_is_added_changed_moved_and_hired_again_by_hand(city: Town, visit: Visit) -> None:
    """P-08, M6, L5: none of it gives mail access; the old department says when what it gave ends."""
    head, path = visit("head"), "/dept/public-works/"
    new = {"uid": "n-77", "given": "Ada", "family": "Byron", "display": "", "phone": "", "language": "en", "kind": "employee"}
    work = {
        "contract": "",
        "position": "Crew Clerk",
        "supervisor": "p-super",
        "starts": timezone.localdate().isoformat(),
        "ends": "",
    }
    assert head.post(f"{path}new-person/", {**new, **work, "kind": "contractor", "reason": BECAUSE}).status_code == 422, (
        "no contract"
    )
    assert done(head, f"{path}new-person/", {**new, **work}) == "/access/requests/new/?person=n-77"
    ada = Person.objects.get(uid="n-77")
    assert ada.display == "Ada Byron" and not ada.authorizations.exists()
    changed = {**new, "family": "King", "display": "Ada King", "position": "Foreman", "supervisor": "n-77"}
    assert head.post(f"{path}people/n-77/change/", {**changed, "reason": BECAUSE}).status_code == 422, "supervises herself"
    ada.refresh_from_db()
    assert ada.family == "Byron", "nothing half-done"
    done(head, f"{path}people/n-77/change/", {**changed, "supervisor": "p-super"})
    ada.refresh_from_db()
    assert (ada.display, ada.episodes.get().position) == ("Ada King", "Foreman")

    done(head, f"{path}people/p-crew0/move/", {"department": "fire", "position": "Dispatcher", "supervisor": "", "overlap": "30"})
    own = city.authorizations["crew0"]
    own.refresh_from_db()
    assert city.people["crew0"].episodes.get().department.code == "fire" and own.until < city.now + timedelta(days=31)
    assert "dana.ortiz@" in text_of(head.get(f"{path}mailboxes/?state=moved"))
    assert "lena.vogt@" not in text_of(head.get(f"{path}mailboxes/?state=moved"))
    shorter = (timezone.localdate() + timedelta(days=5)).isoformat()
    assert f"/access/authorisations/{own.pk}/overlap/" in head.get("/access/mailboxes/dana.ortiz@city.example/").content.decode()
    done(head, f"/access/authorisations/{own.pk}/overlap/", {"until": shorter})
    own.refresh_from_db()
    assert own.until < city.now + timedelta(days=7)

    again = {**work, "kind": "employee", "supervisor": "p-super"}
    done(head, f"{path}people/p-crew11/rehire/", again)
    assert city.people["crew11"].episodes.filter(ended__isnull=True).exists()
    assert head.post(f"{path}people/p-crew11/rehire/", {**again, "reason": BECAUSE}).status_code == 422, "works here already"


def test_an_end_that_was_planned_is_called_off(city: Town, visit: Visit) -> None:
    """L1: as long as it has not come."""
    head = visit("head")
    form = {"when": "day", "day": SOON, "reason": BECAUSE, "successor": ""}
    at = head.post("/dept/public-works/leavers/new/?person=p-crew1", form).headers["Location"]
    assert "The person stays" in text_of(head.get(at))
    done(head, f"{at}call-off/", {})
    assert not Ending.objects.filter(person=city.people["crew1"]).exists()
    assert head.post(f"/access/endings/{city.objects['ending']}/call-off/", {"reason": BECAUSE}).status_code == 409, "has come"
