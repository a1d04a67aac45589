"""The rule book on its pages: written, tested, proposed, answered; an attack stopped; a replay ordered; a message explained."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.epoch import DAY_MS, epoch_ms
from civicmail.desk.oversight import rule_text, tasks
from civicmail.desk.oversight.models import Emergency, Replay, Version
from civicmail.desk.oversight.rule_replay import Tally
from desk.oversight.book import WHY, approved, mine, text
from desk.oversight.mailed import keep, letter
from pages.post import CANARIES
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]


def words(response: Any) -> str:
    content = b"".join(response) if response.streaming else response.content
    return " ".join(html.unescape(re.sub(r"(?s)<script.*?</script>|<[^>]+>", " ", content.decode())).split())


def test_a_rule_from_a_draft_to_the_book_on_pages(city: Town, visit: Visit) -> None:
    """P-29: each step is a page; what is wrong stands at the text, which stays."""
    author, second = visit("author"), visit("second")
    wrong = author.post("/policy/rules/new/", {"text": text(when="inbound && files.activ"), "changed": "", "after": 0})
    assert wrong.status_code == 422
    assert "the nearest is files.active" in words(wrong) and "files.activ" in words(wrong)
    made = author.post("/policy/rules/new/", {"text": text(), "changed": "", "after": 0})
    assert made["Location"] == "/policy/rules/no-iso/1/"
    assert "Test version 1" in words(author.get(made["Location"]))
    author.post("/policy/rules/no-iso/1/test/")
    assert "2 of 2 examples came out" in words(author.get("/policy/rules/no-iso/1/"))
    asked = author.post("/policy/rules/no-iso/1/propose/", {"reason": WHY, "starts": "", "revision": 1})
    assert asked.status_code == 302
    assert author.get("/policy/rules/no-iso/1/decide/").status_code == 403
    assert "Answer version 1 of no-iso" in words(second.get("/policy/rules/"))
    assert "Decide about rules" in words(second.get("/"))
    nothing = second.post("/policy/rules/no-iso/1/decide/", {"reason": WHY, "revision": 1})
    assert nothing.status_code == 422, "nothing is preselected"
    stale = second.post("/policy/rules/no-iso/1/decide/", {"decision": "approve", "reason": WHY, "revision": 0})
    assert stale.status_code == 409
    done = second.post("/policy/rules/no-iso/1/decide/", {"decision": "approve", "reason": WHY, "revision": 1})
    assert done.status_code == 302
    assert mine().get().state == "active"
    page = words(second.get("/policy/rules/no-iso/"))
    assert "Enforced" in page and "inbound && files.active" in page and "Approved: version 1 by Ines Falk" in page
    assert "no-iso" in words(second.get("/policy/rules/?mode=enforce&format=csv"))


def test_a_button_that_cannot_do_it_says_why_on_its_page(city: Town, visit: Visit) -> None:
    """Only a post presses it."""
    author = visit("author")
    author.post("/policy/rules/new/", {"text": text(expires="2020-12-31"), "changed": "", "after": 0})
    pressed = author.post("/policy/rules/no-iso/1/test/")
    assert (pressed.status_code, pressed["Location"]) == (302, "/policy/rules/no-iso/1/")
    assert "It expires on 31 December 2020, which is over." in words(author.get("/policy/rules/no-iso/1/"))
    assert mine().get().state == "draft"
    assert author.get("/policy/rules/no-iso/1/test/").status_code == 405
    assert visit("second").post("/policy/rules/no-iso/1/test/").status_code == 403


def test_two_authors_at_once_lose_no_text(city: Town, visit: Visit) -> None:
    """The second one's text is on the page that tells the news."""
    client = visit("author")
    client.post("/policy/rules/new/", {"text": text(), "changed": "", "after": 0})
    mine = {"text": text(why="My reason for it."), "changed": "Mine.", "revision": 1}
    assert client.post("/policy/rules/no-iso/1/edit/", mine).status_code == 302
    late = client.post("/policy/rules/no-iso/1/edit/", {**mine, "text": text(why="A late reason.")})
    assert late.status_code == 409
    assert "A late reason." in words(late)


def test_a_rule_that_must_tell_first_says_from_when_it_may_act(city: Town, visit: Visit) -> None:
    """On the page, at the day."""
    now = epoch_ms(city.now)
    approved(city, now, text(when="files.active", do="hold", mode="notify"))
    client = visit("author")
    assert "10 left" in words(client.get("/policy/rules/no-iso/"))
    client.post("/policy/rules/no-iso/edit/", {"text": text(when="files.active", do="hold"), "changed": "Enforced.", "after": 1})
    client.post("/policy/rules/no-iso/2/test/")
    assert "It has to tell employees first" in words(client.get("/policy/rules/no-iso/2/"))
    early = client.post("/policy/rules/no-iso/2/propose/", {"reason": WHY, "starts": "", "revision": 1})
    assert early.status_code == 422
    assert "From which day: It tells employees for ten working days first" in words(early)


def test_the_fail_matrix_is_written_and_answered_on_the_same_pages(city: Town, visit: Visit) -> None:
    """P-29: it has versions like a rule, and no replay."""
    author, second = visit("author"), visit("second")
    assert "Held" in words(second.get("/policy/fail-matrix/"))
    assert "[matrix]" in words(author.get("/policy/rules/fail-matrix/edit/"))
    other = '[matrix]\nclamav = { inbound = "pending", internal = "deliver-again", outbound = "later" }\n'
    made = author.post("/policy/rules/fail-matrix/edit/", {"text": other, "changed": "It waits.", "after": 1})
    assert made["Location"] == "/policy/rules/fail-matrix/2/"
    author.post("/policy/rules/fail-matrix/2/test/")
    author.post("/policy/rules/fail-matrix/2/propose/", {"reason": WHY, "starts": "", "revision": 1})
    assert "What is new since version 1" in words(second.get("/policy/rules/fail-matrix/2/decide/"))
    second.post("/policy/rules/fail-matrix/2/decide/", {"decision": "approve", "reason": WHY, "revision": 1})
    assert "Retrying" in words(second.get("/policy/fail-matrix/"))
    drilled = words(second.get("/policy/fail-matrix/clamav/"))
    assert "From outside Checking" in drilled and "malware-found" in drilled, "the starter pack acts while nothing is published"
    assert second.get("/policy/fail-matrix/nonsense/").status_code == 404
    assert author.post("/policy/rules/fail-matrix/2/replay/", {"days": "7", "query": ""}).status_code == 422
    assert author.post("/policy/rules/fail-matrix/take-out/", {"reason": WHY, "revision": 1}).status_code == 409


def test_an_attack_is_counted_before_it_is_stopped_and_ratified_on_pages(city: Town, visit: Visit, installed: Path) -> None:
    """P-25: the officer sees how many first; a second person answers; nobody else does either."""
    now = epoch_ms(city.now)
    keep(installed, [letter(now - DAY_MS + n, {"sender.address": "a@evil.example"}, "fire") for n in range(3)], index=False)
    officer, second = visit("security"), visit("second")
    wanted = {"kind": "sender", "value": "A@Evil.example", "do": "quarantine", "hours": "24", "reason": WHY}
    counted = officer.post("/policy/emergencies/new/", {**wanted, "go": "count"})
    assert "3 of 8 messages from all doors of the last seven days" in words(counted)
    assert not Emergency.objects.exists()
    own = officer.post("/policy/emergencies/new/", {**wanted, "value": "mayor@city.example", "go": "act"})
    assert own.status_code == 422
    acted = officer.post("/policy/emergencies/new/", {**wanted, "go": "act"})
    row = Emergency.objects.get()
    assert (acted["Location"], row.touched, row.value) == (f"/policy/emergencies/{row.pk}/", 3, "a@evil.example")
    assert officer.get(f"/policy/emergencies/{row.pk}/decide/").status_code == 403
    assert "Say whether an emergency rule was right" in words(second.get("/"))
    answer = {"decision": "approve", "reason": WHY, "revision": 0}
    assert second.post(f"/policy/emergencies/{row.pk}/decide/", answer).status_code == 302
    assert second.post(f"/policy/emergencies/{row.pk}/decide/", answer).status_code == 409
    assert "Ratified by Ines Falk" in words(officer.get(f"/policy/emergencies/{row.pk}/"))
    assert officer.post(f"/policy/emergencies/{row.pk}/stop/", {"reason": WHY}).status_code == 302
    row.refresh_from_db()
    assert row.ended is not None


def test_a_replay_is_ordered_watched_and_read(city: Town, visit: Visit, installed: Path) -> None:
    """The page says how far it is, then the numbers, and offers a mandate instead of mail."""
    now = epoch_ms(city.now)
    keep(installed, [letter(now - 2 * DAY_MS + n, {"files.active": True}, "fire", "clerk") for n in range(3)])
    approved(city, now)
    client = visit("author")
    bad = client.post("/policy/rules/no-iso/1/replay/", {"days": "7", "query": "kestrel"})
    assert bad.status_code == 422
    where = client.post("/policy/rules/no-iso/1/replay/", {"days": "7", "query": "larger:1"})["Location"]
    waiting = client.get(where)
    assert "Queued." in words(waiting) and 'hx-trigger="every 2s"' in waiting.content.decode()
    with closing(tasks.Replays(installed, lambda: now)) as job:
        while job.step():
            pass
    done = words(client.get(where))
    assert Replay.objects.get().state == "done"
    assert "It would have acted on 3 of 3 messages" in done
    assert "Fire Department 3 3 3 0 0" in done
    assert 'hx-trigger="every 2s"' not in client.get(where).content.decode()


@pytest.mark.rule(
    "P-17, promise 4, promise 7",
    "Operators see findings and decisions check by check, by place and mask, without words or subject of the message.",
)
def test_a_message_is_explained_check_by_check_without_a_word_of_it(city: Town, visit: Visit, installed: Path) -> None:
    """Findings by place and mask, decisions with their rules; for operators alone."""
    now = epoch_ms(city.now)
    approved(city, now)
    facts = {"files.active": True, "message.subject": "Kestrel budget", "links.hosts": ("heron.example",), "spam.score": 12}
    capture = letter(now - DAY_MS, facts, "fire", do="quarantine", rules=("no-iso", "shadow:use-campaign"))  # type: ignore[arg-type]
    keep(installed, [capture], index=False)
    page = words(visit("operator").get(f"/system/trace/{capture.uuid}/screening/"))
    assert "Quarantines no-iso" in page and "files.active" in page and "spam.score" in page
    assert "use-campaign" not in page, "what mail is about is for its reviewer"
    for path in (f"/system/trace/{capture.uuid}/screening/", f"/system/trace/{city.objects['mail held']}/screening/"):
        shown = visit("operator").get(path).content.decode()
        assert [c for c in (*CANARIES.values(), "heron") if c in shown] == []
        assert visit("author").get(path).status_code == 403


@pytest.mark.rule("P-29", "A rule in which a placeholder of the form still stands is not saved.")
@pytest.mark.parametrize("key", list(rule_text.PLACEHOLDERS))
def test_a_placeholder_is_not_saved(city: Town, visit: Visit, key: str) -> None:
    filled = rule_text.SKELETON
    for name, placeholder in rule_text.PLACEHOLDERS.items():
        filled = filled if name == key else filled.replace(placeholder, f"real-{name}")
    author, page = visit("author"), "/policy/rules/new/"
    refused = author.post(page, {"text": filled, "after": 0})
    assert refused.status_code == 422 and "Replace the placeholder" in words(refused)
    assert author.post(page, {"text": filled.replace(rule_text.PLACEHOLDERS[key], "real"), "after": 0}).status_code == 302


def test_whoever_approves_reads_what_would_change_and_in_which_mode(city: Town, visit: Visit) -> None:
    """By day and by department, as charts with their numbers, of the newest replay that has ended."""
    author, page = visit("author"), "/policy/rules/no-iso/1/decide/"
    author.post("/policy/rules/new/", {"text": text(), "changed": "", "after": 0})
    author.post("/policy/rules/no-iso/1/test/")
    author.post("/policy/rules/no-iso/1/propose/", {"reason": WHY, "starts": "", "revision": 1})
    assert visit("second").get(page).context["charts"] == []
    asked, now = Version.objects.get(rule="no-iso"), epoch_ms(city.now)
    tally = Tally(
        messages=9, before=1, after=3, new=2, days={"2026-10-02": [4, 0, 2], "2026-10-01": [5, 1, 1]},
        departments={"fire": [7, 1, 3, 2, 0], "outside": [9, 0, 0, 0, 0]},
    )  # fmt: skip
    Replay.objects.create(
        version=asked, sha256="0" * 64, by=city.people["author"], first=now, last=now, asked=city.now, since=city.now,
        state="done", found=9, done=9, result=tally.plain(),
    )  # fmt: skip
    shown = visit("second").get(page)
    assert f"Put version 1 of no-iso into force, mode {asked.mode}?" in words(shown)
    by_day, by_department = shown.context["charts"]
    assert by_day.rows == [("Oct 1", ["1", "1"]), ("Oct 2", ["2", "0"])]
    assert [numbers for _, numbers in by_department.rows] == [["2", "1"]], "none of those for whom nothing changes"
    assert "Numbers : Copies by department" in words(shown)
