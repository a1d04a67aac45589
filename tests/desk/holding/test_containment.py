"""An account was taken: people are told at once, one button locks every door, one act gives it back, honest mail goes (P-25)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import translation

from civicmail.city.directory.models import Person
from civicmail.city.guard.actors import Actor, HeldRole
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.models import Account, Entry
from civicmail.city.notices.models import Notice
from civicmail.core.message.model import Envelope, Recipient
from civicmail.desk.holding import containment_groups
from civicmail.desk.holding.actions import containment as verbs
from civicmail.desk.holding.actions import review_findings
from civicmail.desk.holding.models import Containment, Finding
from civicmail.front.sample.installation import free_ports
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.archive.records import Source
from civicmail.mail.pipeline import containment_decisions
from civicmail.mail.pipeline.accept import Pipeline
from civicmail.mail.pipeline.containment import AnomalyMonitor, SenderBaselines, save
from civicmail.mail.pipeline.containment_decisions import DECISIONS
from desk.holding.test_findings import listened
from desk.holding.test_quarantine import states, words
from mail.archive.making import UNSYNCED
from pages.programs import asking
from pages.world import Town

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[[str], Client]
DANA = "dana.ortiz@city.example"
WHY = "Spoke to her at her desk, new password."
SPAM = (
    b"Subject: Unpaid invoice\r\n\r\n" + b"Dear friend, please settle the attached invoice today or lose your account forever. " * 4
)
HONEST = b"Subject: Elm Street\r\n\r\nThe inspection of the works is on Monday at nine.\r\n"


def send(data: Path, at: int, *messages: tuple[bytes, str], login: str = "p-crew0/d1", client: str = "192.0.2.4") -> list[str]:
    """What one process takes from an employee: (content, recipient). Capture ids."""

    async def story() -> list[str]:
        writer = Writer(data, lambda: at, UNSYNCED, 1 << 20)
        commit = GroupCommit(writer)
        containing = AnomalyMonitor(django_settings.CITY, data, lambda: at, lambda: None, lambda: writer.journal.name)
        pipeline = Pipeline(commit, lambda a: "live" if a.endswith("@city.example") else None, lambda: None, None, containing)
        found = []
        for n, (content, to) in enumerate(messages):
            one = Envelope(DANA, (Recipient(to),), at + n, client, "pc", login=login)
            found.append((await pipeline.accept(content, one, Source("submission", "d"))).uuid)
        await commit.close()
        return found

    with ThreadPoolExecutor(1) as apart:  # a test in a browser has a loop of its own running
        return apart.submit(asyncio.run, story()).result()


def attacked(city: Town, data: Path) -> tuple[Containment, list[str], list[str]]:
    """The row; what of the attack was held, and what honest mail."""
    at = epoch_ms(city.now) - 60_000
    bad = send(data, at, *((SPAM, f"p{n}@d{n}.example") for n in range(24)))
    good = send(data, at + 1000, (HONEST, "heron@shop.example"), (HONEST.replace(b"Monday", b"Friday"), "ibis@outside.example"))
    listened(data, epoch_ms(city.now))
    return Containment.objects.get(sender="p-crew0"), bad[20:], good


@pytest.mark.rule("P-25", "The user, their manager and security are notified of the first message that waits, once.")
def test_the_user_their_manager_and_security_are_told_once(city: Town, installed: Path) -> None:
    """Of the first message that waits; nothing of what is in it, and gateways know what was decided."""
    row, bad, _ = attacked(city, installed)
    assert (row.state, row.sign, row.capture, row.person) == ("held", "domains", bad[0], city.people["crew0"])
    told = {n.to: n for n in Notice.objects.filter(key__startswith=f"contained:{row.pk}:")}
    assert told.keys() == {DANA, "sam.ferrer@city.example", "bram.otis@city.example"}
    assert f"/holding/contained/{row.pk}/" in told["bram.otis@city.example"].text
    assert not any("invoice" in n.text.lower() or "d3.example" in n.text for n in told.values())
    assert containment_decisions.DECISIONS.read(installed).held["p-crew0"] == epoch_ms(row.made)
    listened(installed, epoch_ms(city.now))
    assert Notice.objects.filter(key__startswith="contained:").count() == 3 and Containment.objects.count() == 2


@pytest.mark.rule("P-25", "Notices of a possibly compromised account are in the reader's language.")
def test_everybody_who_is_told_reads_it_in_their_own_language(city: Town, installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Owner, manager and security, also when it is over; and whoever is reminded of what mail is for."""
    for module in (verbs, review_findings):
        monkeypatch.setattr(module, "gettext", lambda text: f"{translation.get_language()}|{text}")
    Person.objects.update(language="es")
    row, _, good = attacked(city, installed)
    verbs.release(row, good, allowed=0, actor=officer(city), reason=WHY, now=epoch_ms(city.now))
    told = list(Notice.objects.filter(key__startswith=f"contained:{row.pk}:"))
    assert len(told) == 5 and all(said.startswith("es|") for n in told for said in (n.subject, n.text))
    finding = Finding(received=city.now, clause="P-12")
    with translation.override("es"):
        assert all(said.startswith("es|") for said in review_findings._reminder(finding))


@pytest.mark.rule("P-25, promise 7", "The owner of a contained account sees a contact, and is notified when mail is sent again.")
def test_the_owner_sees_whom_to_call_and_hears_when_it_is_over(city: Town, visit: Visit, installed: Path) -> None:
    """On the page that comes first, as long as it waits; then by mail, and whoever was told with them."""
    row, _, good = attacked(city, installed)
    assert "Call the security office" in words(visit("crew0").get("/"))
    assert "Call the security office" not in words(visit("crew1").get("/"))
    verbs.release(row, good, allowed=0, actor=officer(city), reason=WHY, now=epoch_ms(city.now))
    assert "Call the security office" not in words(visit("crew0").get("/"))
    told = {n.to: n.text for n in Notice.objects.filter(key__startswith=f"contained:{row.pk}:released:")}
    assert told.keys() == {DANA, "sam.ferrer@city.example"} and "go now: 2" in told[DANA] and "desk" not in told[DANA]


@pytest.mark.rule("P-25", "One button of the security officer locks an account.")
def test_one_button_locks_every_door(city: Town, visit: Visit, installed: Path) -> None:
    """The account cannot be used from then on, and only a security officer does it."""
    row, _, _ = attacked(city, installed)
    dana, page = visit("crew0"), f"/holding/contained/{row.pk}/"
    assert dana.get("/mail/").status_code == 200
    shown = words(visit("security").get(page))
    assert "many domains within an hour" in shown and "Lock account" in shown and "invoice" not in shown
    assert visit("head").post(page, {"lock": "1"}).status_code == 403
    assert visit("security").post(page, {"lock": "1"}).status_code == 302
    row.refresh_from_db()
    assert row.state == "locked" and row.rights and not Account.objects.get(person=city.people["crew0"]).is_active
    assert dana.get("/mail/").status_code in (302, 403)
    assert Entry.objects.get(act="containment.lock").object == "person:p-crew0"
    again = visit("security").post(page, {"lock": "1"})
    assert again.status_code == 302 and Entry.objects.filter(act="containment.lock").count() == 1


@pytest.mark.rule("P-25, promise 1", "The release sends honest mail once, through the checks; messages like the attack stay held.")
def test_honest_mail_goes_with_the_release_and_the_attack_stays(city: Town, visit: Visit, installed: Path) -> None:
    """What says the same is not chosen beforehand; what is chosen goes once, the rest stays held; rights come back."""
    row, bad, good = attacked(city, installed)
    page, officer = f"/holding/contained/{row.pk}/", visit("security")
    officer.post(page, {"lock": "1"})
    groups = verbs.groups_of(row, epoch_ms(city.now))
    assert [(len(g.captures), g.alike) for g in groups] == [(4, True), (1, False), (1, False)]
    assert officer.post(page, {"reason": "short"}).status_code == 422
    assert officer.post(page, {"reason": WHY, "go": [g.key for g in groups if not g.alike]}).status_code == 302
    row.refresh_from_db()
    assert row.state == "released" and sorted(row.let) == sorted(good)
    assert Account.objects.get(person=city.people["crew0"]).is_active
    assert verbs.release_chosen() == 2 and verbs.release_chosen() == 0
    row.refresh_from_db()
    waiting = {capture: list(states(installed, _id(capture)).values()) for capture in (*bad, *good)}
    assert row.let == [] and all(waiting[c] == [True] for c in good) and all(waiting[c] == [False] for c in bad)
    assert containment_decisions.DECISIONS.read(installed).released == {"p-crew0": epoch_ms(row.released)}
    assert "Released" in words(officer.get(page)) and "What stays held" in words(officer.get(page))
    assert officer.post(page, {"reason": WHY}).status_code == 422
    assert officer.post(page, {"reason": WHY, "go": [groups[0].key]}).status_code == 302 and verbs.release_chosen() == 4
    assert all(list(states(installed, _id(c)).values()) == [True] for c in bad), "a false alarm loses nothing"


@pytest.mark.rule(
    "P-25",
    "Mail of a compromised account to recipients new to its owner is never released by merely pressing the button.",
)
def test_what_goes_where_the_sender_never_wrote_is_not_chosen_beforehand(city: Town, visit: Visit, installed: Path) -> None:
    """An attack whose messages all differ is let go by nobody who only presses the button; to whom the owner used to
    write, and colleagues, are chosen."""
    at = epoch_ms(city.now) - 60_000
    known = SenderBaselines()
    known.baseline_of("p-crew0").domains["shop.example"] = None
    save(installed, known)
    send(installed, at, *((b"Subject: Hi\r\n\r\nCall %d\r\n" % n, f"p{n}@d{n}.example") for n in range(24)))
    honest = send(installed, at + 1000, (HONEST, "heron@shop.example"), (HONEST.replace(b"Monday", b"Friday"), "lee@city.example"))
    listened(installed, epoch_ms(city.now))
    row = Containment.objects.get(sender="p-crew0")
    groups = verbs.groups_of(row, epoch_ms(city.now))
    assert len(groups) == 6 and [c for g in groups if g.is_likely_honest for c in g.captures] == honest
    shown = visit("security").get(f"/holding/contained/{row.pk}/").content.decode()
    ticked = re.findall(r'<input[^>]*name="go"[^>]*value="([^"]+)"[^>]*checked', shown)
    assert sorted(ticked) == sorted(g.key for g in groups if g.is_likely_honest)
    assert "in d22.example" in words(visit("security").get(f"/holding/contained/{row.pk}/")) and "(a domain to which" in shown


def test_a_program_that_repeats_a_release_gets_its_answer_again(city: Town, installed: Path) -> None:
    """Although by then the account is released, and nothing is offered any more."""
    row, _, _ = attacked(city, installed)
    security, place = asking(city.people["security"]), f"/contained/{row.pk}"
    (key, *_) = [group["key"] for group in security("GET", place).json()["waits"]]
    body = {"go": [key], "reason": WHY}
    first = security("POST", f"{place}/release", body, idempotency_key="k")
    assert (first.status_code, first.json()["state"]) == (200, "released")
    again = security("POST", f"{place}/release", body, idempotency_key="k")
    assert again.status_code == 200 and again.json() == first.json()


@pytest.mark.rule("P-25", "After a false alarm all waiting mail of an account is released by one choice.")
def test_after_a_false_alarm_everything_goes_by_one_choice(city: Town, visit: Visit, installed: Path) -> None:
    """However many different messages wait."""
    row, bad, good = attacked(city, installed)
    page, officer = f"/holding/contained/{row.pk}/", visit("security")
    assert "Everything, 6 messages" in words(officer.get(page))
    assert officer.post(page, {"reason": WHY, "go": ["all"]}).status_code == 302
    row.refresh_from_db()
    assert sorted(row.let) == sorted([*bad, *good])


@pytest.mark.rule("P-25", "Waiting mail of one contained account hides nothing of another.")
def test_what_waits_of_one_account_hides_nothing_of_another(city: Town, installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much newer mail waits."""
    other = send(installed, epoch_ms(city.now) - 120_000, *((SPAM, f"q{n}@e{n}.example") for n in range(22)), login="p-crew1/d1")
    attacked(city, installed)
    monkeypatch.setattr(containment_groups, "MAX_MESSAGES", 3)
    groups = verbs.groups_of(Containment.objects.get(sender="p-crew1"), epoch_ms(city.now))
    assert [capture for g in groups for capture in g.captures] == other[20:]


@pytest.mark.rule("P-25, promise 1", "Mail that a gateway held during the release is released, too.")
def test_what_was_held_while_the_release_was_under_way_goes_too(city: Town, visit: Visit, installed: Path) -> None:
    """A gateway that did not know yet; nothing is forgotten, and nobody is told a second time."""
    row, _, _ = attacked(city, installed)
    visit("security").post(f"/holding/contained/{row.pk}/", {"reason": WHY})
    DECISIONS.path(installed).unlink()  # as that gateway knew it
    late = send(installed, epoch_ms(city.now) + 1000, (HONEST, "late@outside.example"))
    listened(installed, epoch_ms(city.now) + 2000)
    row.refresh_from_db()
    assert row.let == late and Containment.objects.filter(sender="p-crew0").count() == 1


@pytest.mark.rule("P-25, promise 1", "Mail released while a check is unavailable is sent when it is back.")
def test_what_was_let_go_while_a_check_was_away_goes_when_it_is_back(city: Town, installed: Path, settings: Any) -> None:
    """The officer has said that it goes, and nobody says it twice; what looks like the attack stays."""
    row, bad, good = attacked(city, installed)
    whole = settings.CITY
    (port,) = free_ports(1)
    settings.CITY = replace(whole, screening=replace(whole.screening, checks=["clamav"], clamd=f"127.0.0.1:{port}"))
    verbs.release(row, good, allowed=0, actor=officer(city), reason=WHY, now=epoch_ms(city.now))
    assert verbs.release_chosen() == 0 and verbs.release_chosen() == 0
    row.refresh_from_db()
    assert sorted(row.let) == sorted(good)
    settings.CITY = whole
    assert verbs.release_chosen() == 2 and verbs.release_chosen() == 0
    waiting = {capture: list(states(installed, _id(capture)).values()) for capture in (*bad, *good)}
    assert all(waiting[c] == [True] for c in good) and all(waiting[c] == [False] for c in bad)


@pytest.mark.rule("P-25", "The person notified above the owner is one with a mailbox: the next head up if necessary.")
def test_somebody_above_is_told_whoever_of_them_is_there(city: Town, installed: Path) -> None:
    """Who has left hears of nothing; then the head of the department does, and of a head the next one up. Of a
    machine the head of its department, and of a peer, which is a network, nobody."""
    crew, now = city.people["crew0"], epoch_ms(city.now)

    def above(sender: str, person: Person | None = None) -> list[Person]:
        return verbs._managers(Containment(sender=sender, person=person), now)

    boss, head = crew.episodes.get().supervisor, crew.episodes.get().department.head
    assert boss is not None and head is not None and above("p-crew0", crew) == [boss]
    boss.mailboxes.update(closed=city.now)
    assert above("p-crew0", crew) == [head]
    assert head not in above(head.uid, head) and above("relay:x@city.example") == []
    assert above("service:printer@city.example") == [head]


@pytest.mark.rule("P-25", "An account is released once.")
def test_nobody_releases_themselves_and_nothing_twice(city: Town, installed: Path) -> None:
    row, _, _ = attacked(city, installed)
    role = (HeldRole("security-officer", active_until=epoch_ms(city.now) + 1000),)
    own, officer = Actor("p-crew0", held=role), Actor("p-security", held=role)
    with pytest.raises(NotPermitted):
        verbs.release(row, [], allowed=0, actor=own, reason=WHY, now=epoch_ms(city.now))
    verbs.release(row, [], allowed=0, actor=officer, reason=WHY, now=epoch_ms(city.now))
    with pytest.raises(Conflict):
        verbs.release(row, [], allowed=0, actor=officer, reason=WHY, now=epoch_ms(city.now))
    row.refresh_from_db()
    with pytest.raises(Conflict):
        verbs.release(row, [], allowed=0, actor=officer, reason=WHY, now=epoch_ms(city.now))
    with pytest.raises(Conflict):
        verbs.lock(row, actor=officer, reason=WHY, now=epoch_ms(city.now))


def officer(city: Town) -> Actor:
    return Actor("p-security", held=(HeldRole("security-officer", active_until=epoch_ms(city.now) + 1000),))


def _id(capture: str) -> bytes:
    return bytes.fromhex(capture.replace("-", ""))
