"""The main tasks of the pages, step by step, as a browser without script does them (P-04, P-06, P-08, P-10, P-16)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from civicmail.city.directory.models import FeedRun, Person
from civicmail.city.guard.models import Account, Entry
from civicmail.city.identity.models import Authorization, Ending, PersonalUse, Profile, RoleAssignment
from pages.world import REASONS, Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
SOON = (timezone.localdate() + timedelta(days=100)).isoformat()
BECAUSE = "The council decided it on Monday, item 14."


def hidden(page: Any) -> dict[str, str]:
    """The hidden fields of a page's form, as a browser posts them back."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.content.decode())
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def text_of(page: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def test_a_supervisor_asks_and_the_head_approves(city: Town, visit: Visit) -> None:
    """P-04: the person, then the reasons and the end; three different people."""
    client = visit("super")
    whom = client.get("/access/requests/new/")
    assert "Kai Lindqvist" in text_of(whom)
    assert "Rosa Hale" not in text_of(whom), "has access"
    url = "/access/requests/new/?person=p-crew6"
    wrong = client.post(url, {**REASONS, "service": "short", "until": SOON, "address": ""})
    assert wrong.status_code == 422 and b"Answers residents" in wrong.content, "nothing that was typed is lost"
    assert not Authorization.objects.filter(person=city.people["crew6"]).exists()
    sent = client.post(url, {**REASONS, "until": SOON, "address": ""})
    made = Authorization.objects.get(person=city.people["crew6"])
    assert sent.headers["Location"] == f"/access/requests/{made.pk}/"
    assert (made.state, made.requester.uid, made.duties) == ("asked", "p-super", REASONS["duties"])
    assert client.post(sent.headers["Location"], {"decision": "approve", "state": "asked"}).status_code == 403

    head = visit("head")
    page = head.get(sent.headers["Location"])
    assert "Approve mail access for Kai Lindqvist?" in text_of(page)
    assert b" checked" not in page.content, "nothing is preselected"
    done = head.post(sent.headers["Location"], {"decision": "approve", "reason": "", **hidden(page)})
    assert done.status_code == 302
    made.refresh_from_db()
    assert (made.state, made.approver.uid) == ("active", "p-head")
    again = head.post(sent.headers["Location"], {"decision": "approve", "reason": "", **hidden(page)})
    assert again.status_code == 302, "a second click of the same person is harmless"
    assert Entry.objects.filter(act="request.approve").count() == 1


@pytest.mark.rule("P-04", "Of two people who decide at once the second changes nothing, keeps the text and sees the new state.")
def test_the_second_of_two_who_decide_keeps_the_text_and_hears_the_news(city: Town, visit: Visit) -> None:
    """Two people answer at once; the second changes nothing and loses nothing."""
    url = f"/access/requests/{city.authorizations['crew3'].pk}/"
    head, deputy = visit("head"), visit("deputy")
    seen = hidden(deputy.get(url))
    head.post(url, {"decision": "approve", "reason": "", **hidden(head.get(url))})
    answer = deputy.post(url, {"decision": "refuse", "reason": "There is no money for this one.", **seen})
    assert answer.status_code == 409
    assert "There is no money for this one." in text_of(answer)
    assert "Answered" in text_of(answer)
    assert "Rosa Hale" in text_of(answer)
    city.authorizations["crew3"].refresh_from_db()
    assert city.authorizations["crew3"].state == "active"


def test_a_refusal_needs_words(city: Town, visit: Visit) -> None:
    url = f"/access/requests/{city.authorizations['crew3'].pk}/"
    answer = visit("head").post(url, {"decision": "refuse", "reason": "no", "state": "asked"})
    assert answer.status_code == 422
    assert b'aria-invalid="true"' in answer.content
    assert b'href="#id_reason"' in answer.content


def test_a_position_gets_its_reasons_once_and_its_people_in_one_action(city: Town, visit: Visit) -> None:
    """P-04, first roster: profile, ticks, review by name, the act with its number."""
    deputy, head = visit("deputy"), visit("head")
    query = "?position=Crew+Clerk"
    deputy.post(f"/dept/public-works/positions/profile/{query}", REASONS)
    assert Profile.objects.get().version == 1
    page = head.get(f"/dept/public-works/positions/one/{query}")
    rows = re.findall(r'name="row" value="(\d+)"', page.content.decode())
    assert len(rows) == 3
    url = f"/dept/public-works/positions/review/{query}"
    review = head.get(url + "".join(f"&row={r}" for r in rows[:2]))
    assert "Authorize 2 people" in text_of(review)
    done = head.post(url, {"row": rows[:2], "until": SOON, "version": "1"})
    assert done.status_code == 302
    assert Authorization.objects.filter(profile__isnull=False, state="active").count() == 2
    again = head.post(url, {"row": rows[:2], "until": SOON, "version": "1"})
    assert again.status_code == 409
    assert "Have access" in text_of(again)


def test_access_is_suspended_and_resumed_with_a_reason(city: Town, visit: Visit) -> None:
    a = city.authorizations["crew0"]
    head = visit("head")
    url = f"/access/authorisations/{a.pk}/suspend/"
    assert head.post(url, {"reason": "short", "state": "active"}).status_code == 422
    assert head.post(url, {"reason": BECAUSE, "state": "active"}).status_code == 302
    a.refresh_from_db()
    assert a.state == "suspended"
    assert head.post(url, {"reason": BECAUSE, "state": "active"}).status_code == 409
    head.post(f"/access/authorisations/{a.pk}/resume/", {"reason": BECAUSE, "state": "suspended"})
    a.refresh_from_db()
    assert a.state == "active"


def test_an_end_shows_its_doors_with_times_and_twice_is_once(city: Town, visit: Visit) -> None:
    """P-08, L1: nothing preselected, a successor to choose, then what was done; a second click leads there."""
    head = visit("head")
    url = "/dept/public-works/leavers/new/?person=p-crew0"
    page = head.get(url)
    assert b" checked" not in page.content
    assert head.post(url, {"reason": BECAUSE}).status_code == 422
    done = head.post(url, {"when": "now", "reason": BECAUSE, "successor": ""})
    ending = Ending.objects.get(person=city.people["crew0"])
    assert done.headers["Location"] == f"/access/endings/{ending.pk}/"
    shown = text_of(head.get(done.headers["Location"]))
    assert "Done" in shown
    assert "Access to mailboxes" in shown
    assert "Mail is kept" in shown
    assert head.post(url, {"when": "now", "reason": BECAUSE}).headers["Location"] == done.headers["Location"]
    assert Ending.objects.filter(person=city.people["crew0"]).count() == 1


def test_personal_use_is_allowed_to_a_position_shown_to_its_people_and_ended(city: Town, visit: Visit) -> None:
    head, crew = visit("head"), visit("crew1")
    assert "None. Your department has not allowed" in text_of(crew.get("/my/access/"))
    form = {"whom": "position", "position": "Street Inspector", "limits": "Ten minutes a day, in breaks only.", "until": SOON}
    assert head.post("/dept/public-works/personal-use/", form).status_code == 302
    assert "Ten minutes a day" in text_of(crew.get("/my/access/"))
    rule = PersonalUse.objects.get(position="Street Inspector")
    assert head.post(f"/access/personal-use/{rule.pk}/end/", {"reason": BECAUSE}).status_code == 302
    assert "None. Your department has not allowed" in text_of(crew.get("/my/access/"))


def test_a_role_is_granted_activated_deactivated_and_ended(city: Town, visit: Visit) -> None:
    """P-16, D1, D4: an excluded pair is refused; a privileged role is in use for hours, with its reason."""
    office = visit("office")
    form = {"person": "p-author", "duty": "auditor", "until": SOON, "reason": BECAUSE}
    refused = office.post("/access/duties/grant/", form)
    assert refused.status_code == 409
    assert "exclude each other" in text_of(refused)
    assert office.post("/access/duties/grant/", {**form, "person": "nobody"}).status_code == 422
    assert office.post("/access/duties/grant/", {**form, "person": "p-super", "duty": "examiner"}).status_code == 302
    grant = RoleAssignment.objects.get(person=city.people["super"])
    mine = visit("super")
    assert "Activate" in text_of(mine.get("/duties/"))
    assert mine.post(f"/duties/{grant.pk}/take-up/", {"hours": "2", "reason": BECAUSE}).status_code == 302
    assert "Examiner until" in text_of(mine.get("/duties/")), "the head of every page says so"
    mine.post(f"/duties/uses/{grant.uses.get().pk}/lay-down/")
    assert "Examiner until" not in text_of(mine.get("/duties/"))
    office.post(f"/access/duties/{grant.pk}/end/", {"reason": BECAUSE})
    assert "You hold no role" in text_of(mine.get("/duties/"))


def test_a_sign_in_letter_is_made_with_a_reason_and_shown_once(city: Town, visit: Visit) -> None:
    """P-07: the head makes the first one; after a loss it is the access office's."""
    head, url = visit("head"), "/access/people/p-crew0/invite/"
    assert url in head.get("/dept/public-works/people/p-crew0/").content.decode()
    assert head.post(url, {"reason": "short"}).status_code == 422
    assert "First half" in text_of(head.post(url, {"reason": BECAUSE}))
    account = Account.objects.get(person=city.people["crew0"])
    account.set_password("a few words that do not belong together")
    account.save()
    assert head.post(url, {"reason": BECAUSE}).status_code == 409, "has a sign-in already"
    assert visit("office").post("/access/people/p-crew0/recover/", {"reason": BECAUSE}).status_code == 200


def test_a_locked_sign_in_is_released_with_a_reason(city: Town, visit: Visit) -> None:
    account = Account.objects.get(person=city.people["crew5"])
    office = visit("office")
    assert "Noor" not in text_of(office.get("/access/unlocks/"))
    assert office.post(f"/access/unlocks/{account.pk}/", {"reason": BECAUSE}).status_code == 302
    account.refresh_from_db()
    assert account.locked is None


def test_a_list_is_read_shown_and_applied_and_the_brake_wants_the_number(city: Town, visit: Visit) -> None:
    """L7: a list that would end nearly everybody is stopped, and says so."""
    office = visit("office")
    lines = "uid,family,given,kind,department\np-head,Hale,Rosa,employee,public-works\np-office,Lund,Maya,employee,clerk\n"
    lines += "n-1,Adeyemi,Tunde,employee,fire\n"
    read = office.post("/access/feeds/new/", {"file": SimpleUploadedFile("staff.csv", lines.encode())})
    run = FeedRun.objects.get(source="staff.csv")
    assert read.headers["Location"] == f"/access/feeds/{run.pk}/"
    page = text_of(office.get(read.headers["Location"]))
    assert "The brake holds this list" in page
    assert not Person.objects.filter(uid="n-1").exists(), "reading changes nothing"
    url = f"/access/feeds/{run.pk}/apply/"
    wrong = office.post(url, {"reason": BECAUSE, "state": "stopped", "count": "1"})
    assert wrong.status_code == 422
    ended = run.lines.filter(did="ended").count()
    assert office.post(url, {"reason": BECAUSE, "state": "stopped", "count": str(ended)}).status_code == 302
    assert Person.objects.get(uid="n-1").authorizations.count() == 0, "a feed grants no access"
    assert office.post(url, {"reason": BECAUSE, "state": "stopped", "count": str(ended)}).status_code in (409, 422)


def test_a_list_that_cannot_be_read_says_what_is_wrong_with_it(city: Town, visit: Visit) -> None:
    answer = visit("office").post("/access/feeds/new/", {"file": SimpleUploadedFile("x.csv", b"\xff\xfe\x00")})
    assert answer.status_code == 422
    assert "There is a problem" in text_of(answer)
    assert not FeedRun.objects.filter(source="x.csv").exists()


def test_home_says_what_waits_for_whom(city: Town, visit: Visit) -> None:
    """Tasks by role, and for who has none the time of the look."""
    head, office, author = (text_of(visit(who).get("/")) for who in ("head", "office", "retention"))
    assert "Answer requests for access" in head
    assert "Decide who needs mail" in head
    assert "Release locked sign-ins" in office
    assert "Look at the personnel feed" in office
    assert "Nothing waits for you. Checked" in author
    assert "Release" not in head + author


@pytest.mark.rule("P-05", "Waiting tasks of all parts of the system are one list on Home, each with whose work it is.")
def test_what_waits_is_one_list(city: Town, visit: Visit) -> None:
    """Whichever part of the system asks."""
    _, _, page = visit("head").get("/").content.decode().partition("<main")
    assert page.count('<ol class="cm-due">') == 1 and page.count('<span class="cm-hint">Public Works') > 1


def test_the_menu_shows_what_somebody_may_do_and_nothing_else(city: Town, visit: Visit) -> None:
    pages = {who: visit(who).get("/").content.decode() for who in city.people}
    entry = re.compile(r"<li><a href=\"[^\"]+\"[^>]*><svg.*?</svg><span>([^<]+)")
    labels = {who: entry.findall(page.partition('<nav id="nav"')[2].partition("</nav>")[0]) for who, page in pages.items()}
    own = {who: entry.findall(page.partition('<nav id="me"')[2].partition("</nav>")[0]) for who, page in pages.items()}
    mine = ["Home", "My mail", "My file approvals", "Report a violation"]
    assert labels["crew0"] == mine
    assert own["crew0"] == ["My access", "Views of my mail", "My devices", "Set up mail", "My sign-in", "My roles", "Preferences"]
    assert labels["crew6"] == ["Home"]
    assert own["crew6"] == ["My access", "Views of my mail", "My sign-in", "Preferences"]
    assert labels["head"][:9] == [
        *mine[:3], "File approvals", mine[3], "Request access", "People", "Access requests", "Bulk authorization",
    ]  # fmt: skip
    assert {"Role assignments", "Audit log", "Content views", "Health"} <= set(labels["auditor"])
    system = [
        "Content views",
        "Health",
        "Mail statistics",
        "Trace",
        "Queue",
        "Domains",
        "Spam filter",
        "Webhooks",
        "Settings",
        "Record an accidental view",
    ]
    assert labels["operator"][-10:] == system
    assert labels["admin"] == [*labels["crew0"], "Activate the role…"]
    assert "Throttled sign-ins" in labels["office"]


def test_an_unclaimed_installation_says_so_on_every_page(city: Town, visit: Visit, installed: Any) -> None:
    (installed / "claimed").unlink()
    for path in ("/", "/my/access/", "/nowhere/"):
        assert "This installation is unclaimed." in text_of(visit("crew0").get(path))
    (installed / "claimed").touch()
    assert "unclaimed" not in text_of(visit("crew0").get("/"))


def test_each_page_of_the_menu_has_the_title_of_its_entry(city: Town, visit: Visit) -> None:
    seen: set[str] = set()
    for who in city.people:
        client = visit(who)
        menu = re.findall(r"<li><a href=\"([^\"]+)\"[^>]*>(?:<svg.*?</svg>)?<span>([^<]+)", client.get("/").content.decode())
        for url, label in menu:
            if url not in seen and label != "Activate the role…":
                seen.add(url)
                page = client.get(url).content.decode()
                assert f"<h1>{label}</h1>" in page and re.search(
                    rf"<title>(\d+ % · )?{label}( · [^<]+)? · Civicmail</title>", page
                ), url
    assert len(seen) > 40
