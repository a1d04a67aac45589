"""What rules keep back is listed by its envelope, goes on somebody's word with a reason, never past another rule (P-02, P-25)."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.models import Entry
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.policy import active_rules
from civicmail.city.policy.dispositions import Disposition, Finding
from civicmail.core.message.model import Envelope, Recipient
from civicmail.desk.holding.actions import expire_quarantine, release_copies, release_requests
from civicmail.desk.holding.held_copies import HeldCopies
from civicmail.desk.holding.models import Contest, Release
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.commit import Writer, write_events
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture, Event, Source, Type
from civicmail.mail.pipeline.accept import capture_of, scan
from civicmail.mail.pipeline.rescreening import facts_of
from desk.oversight.book import text
from mail.archive.making import UNSYNCED
from pages.post import CANARIES, MESSAGE
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
DANA = "dana.ortiz@city.example"
WHY = "A vendor of ours wrote it."


def words(response: Any) -> str:
    content = b"".join(response) if response.streaming else response.content
    shown = re.sub(r"(?s)<script.*?</script>|<[^>]+>", " ", content.decode().replace("<wbr>", ""))
    return " ".join(html.unescape(shown).split())


def quarantined(data: Path, at: int, to: str = DANA, *, rule: str = "spam-band", do: str = "quarantine") -> Capture:
    """One that a rule has put aside."""
    envelope = Envelope("heron@shop.example", (Recipient(to),), at, "192.0.2.9", "mx.shop.example")
    capture = capture_of(capture_id(at), scan(MESSAGE), envelope, Source("mx", "mx"))
    capture = replace(
        capture,
        dispositions=(Disposition(0, do, (rule,)),),  # type: ignore[arg-type]
        findings=(Finding("spam", "score", mask="990"), Finding("links", "lookalike", "1", 3, 9, CANARIES["mask"])),
    )
    with closing(Writer(data, lambda: at, UNSYNCED, 1 << 20)) as w:
        w.receipt(capture, MESSAGE)
        w.flush()
    return capture


def states(data: Path, id_: bytes) -> dict[str, bool]:
    """Address to whether its copy is to be delivered."""
    entry = outstanding_file.current(data).entries.get(id_)
    return {c.address: c.is_waiting for c in entry.copies.values()} if entry else {}


@pytest.mark.rule(
    "P-02, P-25",
    "A copy is released with a reason and after an entry, through the checks again; another rule still holds it.",
)
def test_an_officer_finds_a_copy_by_its_envelope_and_lets_it_go(city: Town, visit: Visit, installed: Path) -> None:
    """An entry first, the checks once more, and the filter learns; nothing of the message on the page."""
    id_ = quarantined(installed, epoch_ms(city.now) - 1000).id
    client, page = visit("security"), f"/holding/quarantine/{Machine(installed).capture(id_).uuid}/0/"
    listed = words(client.get("/holding/quarantine/?from=shop&rule=spam-band"))
    assert "heron@shop.example" in listed and "ibis@outside.example" not in listed
    assert "ibis@outside.example" in words(client.get("/holding/quarantine/")), "what is held by rule is there, too"
    shown = words(client.get(page))
    assert "spam-band" in shown and "looks like one that is known" in shown and "Quarantined" in shown
    assert not any(canary in shown for canary in CANARIES.values())
    assert client.post(page, {"reason": ""}).status_code == 422
    done = client.post(page, {"reason": WHY})
    assert (done.status_code, done["Location"]) == (302, "/holding/quarantine/")
    assert states(installed, id_) == {DANA: True}
    events = Machine(installed).events(id_)
    assert {e.type for e in events} >= {Type.RELEASED, Type.LABELLED}
    assert next(e for e in events if e.type == Type.RELEASED).facts["actor"] == city.people["security"].uid
    entry = Entry.objects.get(act="quarantine.release")
    assert entry.object == f"capture:{Machine(installed).capture(id_).uuid}" and WHY in str(entry.reason)
    again = client.post(page, {"reason": WHY})
    assert again.status_code == 302 and Entry.objects.filter(act="quarantine.release").count() == 1


@pytest.mark.rule(
    "P-25, promise 6",
    "Mail held by an unavailable check is on the Home page of its decider, with its number and a link.",
)
def test_what_a_check_that_was_away_has_kept_back_is_named_to_whoever_decides(city: Town, visit: Visit, installed: Path) -> None:
    """On Home with its number, in the list, and on its page in words; it does not go while the check is away."""
    client, label = visit("security"), "Decide about mail that could not be checked"
    assert label not in words(client.get("/"))
    id_ = quarantined(installed, epoch_ms(city.now) - 700_000, rule="unavailable:clamav", do="pending").id
    assert label not in words(client.get("/")), "it is tried again so far"
    late = Disposition(0, "pending", ("unavailable:clamav",))
    write_events(
        installed, [Event(Type.DECIDED, id_, epoch_ms(city.now) - 1000, (0,), facts_of(late, held=True))], epoch_ms(city.now)
    )
    home = client.get("/")
    assert label in words(home) and "· A check did not answer in time." in words(home) and "1 waits" in words(home)
    assert 'href="/holding/quarantine/?rule=unchecked"' in home.content.decode()
    listed = words(client.get("/holding/quarantine/?rule=unchecked"))
    assert "no answer: the virus scanner" in listed and "heron@shop.example" in listed and "ibis@outside.example" not in listed
    assert "pending-too-long" not in listed
    page = f"/holding/quarantine/{Machine(installed).capture(id_).uuid}/0/"
    shown = words(client.get(page))
    assert "No answer: the virus scanner" in shown and "not in the book any more" not in shown and "Let 1 copy go" in shown
    assert words(visit("operator").get("/holding/quarantine/")) and label not in words(visit("operator").get("/"))
    city.grant("super", "security-officer")
    assert "Activate the role first." in words(visit("super").get("/"))


def test_what_another_rule_keeps_stays_and_its_name_is_said(city: Town, visit: Visit, installed: Path) -> None:
    """No word about spam opens a door for anything else."""
    rule = text("stop-shop", when='sender.domain == "shop.example"').replace(
        '"files.active" = true', '"sender.domain" = "shop.example"'
    )
    active_rules.publish(installed, (active_rules.STARTER_FOLDER / "spam.toml").read_text() + rule)
    id_ = quarantined(installed, epoch_ms(city.now) - 1000).id
    answer = visit("security").post(f"/holding/quarantine/{Machine(installed).capture(id_).uuid}/0/", {"reason": WHY})
    assert answer.status_code == 422
    assert "It stays: stop-shop (It has a file that acts when it is opened.) keeps it" in words(answer)
    assert states(installed, id_) == {DANA: False}


def test_an_officer_is_offered_only_what_can_be_done_about_a_copy(city: Town, visit: Visit, installed: Path) -> None:
    """Of what a rule keeps another officer is asked; what waits for its recipient has no form; the list says who decides."""
    now = epoch_ms(city.now)
    spam, program = quarantined(installed, now - 1000), quarantined(installed, now - 2000, rule="executable")
    asked, taken = (
        quarantined(installed, now - 3000, rule="first-file", do="hold"),
        quarantined(installed, now - 4000, rule="contained"),
    )
    client = visit("security")
    listed = words(client.get("/holding/quarantine/"))
    for who in (
        "a security officer, who is asked",
        "whoever it is for",
        "whoever releases the account",
        "its reader, or a security",
    ):
        assert who in listed
    pages = {c.id: f"/holding/quarantine/{c.uuid}/0/" for c in (spam, program, asked, taken)}
    shown = {id_: words(client.get(page)) for id_, page in pages.items()}
    assert "Why is it no spam?" in shown[spam.id] and not any("no spam" in shown[c.id] for c in (program, asked, taken))
    assert "another security officer decides" in shown[program.id] and "Request release of 1 copy" in shown[program.id]
    assert "It waits for whoever it is for" in shown[asked.id] and "Request release of" not in shown[asked.id]
    assert "Compromised accounts" in shown[taken.id] and "Request release of" not in shown[taken.id]
    done = client.post(pages[program.id], {"reason": WHY})
    row = Release.objects.get()
    assert (done.status_code, done["Location"]) == (302, f"/holding/releases/{row.pk}/")
    assert (row.kind, row.requester) == ("other", city.people["security"])
    assert client.post(done["Location"], {"answer": "yes", "reason": WHY}).status_code == 403, "another officer answers"
    assert [client.post(pages[c.id], {"reason": WHY}).status_code for c in (asked, taken)] == [409, 409]
    assert not Entry.objects.filter(act="quarantine.release").exists()
    assert states(installed, program.id) == states(installed, asked.id) == {DANA: False}


@pytest.mark.rule("P-02, promise 4", "A reader releases quarantined mail of their own mailboxes, and nothing else.")
def test_a_reader_lets_go_what_was_put_aside_in_their_own_mailbox_and_nothing_else(
    city: Town, visit: Visit, installed: Path
) -> None:
    """Not what a rule holds for a decision, not what is somebody else's."""
    now = epoch_ms(city.now)
    mine, held = quarantined(installed, now - 1000), quarantined(installed, now - 2000, do="hold")
    others = quarantined(installed, now - 3000, "lena.vogt@city.example")
    client = visit("crew0")
    assert "Request release…" in words(client.get(f"/mail/{mine.uuid}/delivery/"))
    assert client.get(f"/mail/{others.uuid}/release/").status_code == 404
    assert "Is this no spam?" in words(client.get(f"/mail/{mine.uuid}/release/"))
    for capture in (mine, held, others):
        client.post(f"/mail/{capture.uuid}/release/")
    waits = [states(installed, c.id) for c in (mine, held, others)]
    assert waits == [{DANA: True}, {DANA: False}, {"lena.vogt@city.example": False}]
    assert [e.object for e in Entry.objects.filter(act="my.release")] == [f"capture:{mine.uuid}"]
    for capture in (held, others):  # whatever page or program asks for it: the verb looks up whose it is
        kept = HeldCopies(installed).copy(capture.id, 0, now)
        assert kept is not None
        with pytest.raises(Conflict):
            release_copies.release_own(kept, actor=actor_of(city.people["crew0"].account, "", now), now=now)


@pytest.mark.rule(
    "P-17, P-25",
    "System operators see held mail by its envelope; only a security officer with the role activated releases it.",
)
def test_without_the_role_activated_nobody_lets_anything_go(city: Town, visit: Visit, installed: Path) -> None:
    """An operator sees envelopes, and decides nothing."""
    capture = quarantined(installed, epoch_ms(city.now) - 1000)
    page = f"/holding/quarantine/{capture.uuid}/0/"
    assert "A security officer decides" in words(visit("operator").get(page))
    assert visit("operator").post(page, {"reason": WHY}).status_code == 403
    assert visit("crew0").get("/holding/quarantine/").status_code == 403
    assert states(installed, capture.id) == {DANA: False}


@pytest.mark.rule(
    "P-02, P-25",
    "Copies of one spam campaign, fifty at most, are released together with one reason and an entry for each.",
)
def test_copies_of_one_campaign_go_together_and_nothing_else_does(city: Town, visit: Visit, installed: Path) -> None:
    """Fifty at most, of one domain and by the same rules of the spam filter; an entry for each, a reason for all."""
    now = epoch_ms(city.now)
    spam = [quarantined(installed, now - 1000 - n) for n in range(3)]
    program = quarantined(installed, now - 2000, rule="executable")
    client, page = visit("security"), "/holding/quarantine/together/"
    rows = [f"{capture.uuid}-0" for capture in spam]
    assert "Release together…" in words(client.get("/holding/quarantine/?sort=-from"))
    assert "Let 3 copies go" in words(client.get(page, {"row": rows}))
    assert "not of one campaign" in words(client.get(page, {"row": [rows[0], f"{program.uuid}-0"]}))
    assert client.post(page, {"row": [rows[0], f"{program.uuid}-0"], "reason": WHY}).status_code == 409
    assert client.post(page, {"row": [f"{program.uuid}-0"], "reason": WHY}).status_code == 409, "spam alone"
    every = [quarantined(installed, now - 5000 - n) for n in range(51)]
    assert client.post(page, {"row": [f"{c.uuid}-0" for c in every], "reason": WHY}).status_code == 409
    assert not Entry.objects.filter(act="quarantine.release").exists()
    assert client.post(page, {"row": rows, "reason": WHY}).status_code == 302
    assert all(states(installed, capture.id) == {DANA: True} for capture in spam)
    assert Entry.objects.filter(act="quarantine.release", reason=WHY).count() == 3
    assert states(installed, program.id) == {DANA: False} and visit("operator").post(page, {"row": rows}).status_code == 403


def test_a_sender_is_blocked_from_the_page_of_a_copy(city: Town, visit: Visit, installed: Path) -> None:
    """By an emergency rule: it is filled in, and counted and reasoned there as any other."""
    capture = quarantined(installed, epoch_ms(city.now) - 1000)
    shown = visit("security").get(f"/holding/quarantine/{capture.uuid}/0/").content.decode()
    found = re.search(r'href="([^"]*emergenc[^"]*)"[^>]*>Block this sender', shown)
    assert found is not None
    asked = visit("security").get(html.unescape(found[1])).content.decode()
    assert 'value="heron@shop.example"' in asked and 'value="sender"' in asked
    assert "Block this sender" not in words(visit("operator").get(f"/holding/quarantine/{capture.uuid}/0/"))


@pytest.mark.rule(
    "P-02, P-23",
    "A quarantined copy that is not requested within thirty days expires, unless a request or an appeal is open; the "
    "archive keeps it.",
)
def test_what_nobody_wanted_in_thirty_days_is_given_up_and_stays_in_the_archive(city: Town, installed: Path) -> None:
    """Not what a rule holds, nor what somebody asks for or says something against; and nobody is sent a report."""
    now = epoch_ms(city.now)
    spam, held = quarantined(installed, now), quarantined(installed, now, do="hold")
    wanted, wrong = quarantined(installed, now, rule="executable"), quarantined(installed, now)
    copy = HeldCopies(installed).copy(wanted.id, 0, now)
    assert copy is not None
    row = release_requests.request_release([copy], actor=actor_of(city.people["crew0"].account, "", now), reason=WHY, now=now)
    Contest.objects.create(capture=wrong.uuid, rules="spam-band", text="It is an offer of ours.", made=from_ms(now))
    assert expire_quarantine.expire(now + expire_quarantine.EXPIRE_AFTER_MS - 1) == 0
    assert (
        expire_quarantine.expire(now + expire_quarantine.EXPIRE_AFTER_MS),
        expire_quarantine.expire(now + expire_quarantine.EXPIRE_AFTER_MS),
    ) == (1, 0)
    assert states(installed, spam.id) == {} and Machine(installed).body(spam.id) == MESSAGE
    assert [states(installed, c.id) for c in (held, wanted, wrong)] == [{DANA: False}] * 3
    (event,) = Machine(installed).events(spam.id)
    assert event.type == Type.CANCELLED and "dsn" not in event.facts and event.facts["actor"] == "tick"
    assert Entry.objects.get(act="quarantine.give-up").facts["copies"] == 1
    release_requests.withdraw(row, actor=actor_of(city.people["crew0"].account, "", now), now=now)
    assert expire_quarantine.expire(now + expire_quarantine.EXPIRE_AFTER_MS) == 1
