"""Copies are counted, taken back by one officer or two, and put back in one act; the archive keeps the message (P-31)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.models import Entry
from civicmail.city.notices.models import Notice
from civicmail.core.query.errors import QueryError
from civicmail.core.query.parse import parse
from civicmail.desk.incidents import queries, states
from civicmail.desk.incidents.actions import message_removal, reporting
from civicmail.desk.incidents.models import Case, Pull
from civicmail.desk.incidents.similar_messages import Copy, counted, narrowed
from civicmail.front.worker import message_removal as worker
from civicmail.front.worker import processes
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture
from civicmail.mail.courier.message_removal import MessageRemoval
from civicmail.mail.pipeline.fingerprint_reader import fingerprint_of
from desk.holding.test_quarantine import words
from desk.incidents.test_reporting import DANA, PAT, WHY, came, officer, phish
from front.worker.rounds import once
from pages.cases import index
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
SECOND = officer("p-admin")


def reported(t: Town, capture: Capture, raw: bytes) -> Case:
    return reporting.report(capture.uuid, fingerprint_of(raw), t.people["crew0"], "page", actor=officer(), now=epoch_ms(t.now)).case


def wave(data: Path, now: int) -> list[Capture]:
    """One of a wave to two people, another with other words, and a message that is none of it."""
    made = [
        came(data, now - 9000, DANA, PAT, raw=phish()),
        came(data, now - 8000, PAT, "eve@out.example", raw=phish("Pat", number=2)),
        came(data, now - 7000, DANA, raw=b"From: help@desk.example\r\nSubject: Something else\r\n\r\nGood morning, all is well."),
    ]
    index(data, now)
    return made


def many(n: int) -> list[Copy]:
    return [Copy("01a2150e-cece-7bb2-86d0-6e9539f71917", i, f"p{i}@city.example", "delivered", 1) for i in range(n)]


def work(t: Town, data: Path) -> None:
    now = epoch_ms(t.now)
    one = MessageRemoval(settings.CITY, data, lambda: now)
    while worker.step(one, lambda: now):
        pass


def lies(data: Path, local: str, capture: Capture, flags: str = "") -> Path:
    """The live copy of a message that was delivered."""
    box = data / "maildir" / "city.example" / local
    for name in ("new", "cur", "tmp"):
        (box / name).mkdir(parents=True, exist_ok=True)
    path = box / "cur" / f"{capture.uuid}:2,{flags}" if flags else box / "new" / capture.uuid
    path.write_bytes(b"as it was sent")
    return path


@pytest.mark.rule(
    "P-31",
    "Only variants of the same message are removed: equal or near-duplicate words, or links of the same sender to the same host.",
)
def test_who_has_it_is_everybody_in_the_city_with_the_same_thing_and_nobody_else(plain: Town, installed: Path) -> None:
    """The same sender is not enough; a copy outside of the city is none that we can take."""
    now = epoch_ms(plain.now)
    one, two, _ = wave(installed, now)
    found = queries.find_copies(reported(plain, one, phish()), now=now)
    assert [(h.mailbox, h.capture) for h in found.copies] == [(DANA, one.uuid), (PAT, one.uuid), (PAT, two.uuid)]
    assert counted(found.copies) == (3, 2)
    narrow = queries.find_copies(Case.objects.get(), "subject:mailbox", now=now)
    assert counted(narrow.copies) == (3, 2) and not queries.find_copies(Case.objects.get(), "subject:other", now=now).copies


@pytest.mark.rule("P-16, P-31", "A removal cannot be narrowed by content, so that counts reveal nothing about mail.")
@pytest.mark.parametrize("words_", ["password", "body:password", "subject:full password", "to:dana.ortiz@city.example", "bcc:x"])
def test_nobody_finds_out_what_mail_says_by_counting(words_: str) -> None:
    """A pull is narrowed by what an envelope and a list show."""
    from datetime import UTC, datetime

    with pytest.raises(QueryError, match="takes a mandate"):
        narrowed(parse(words_, now=datetime(2026, 3, 2, tzinfo=UTC)))


@pytest.mark.rule("P-31", "As many copies are removed as the officer has seen.")
def test_the_count_comes_first_and_another_one_by_now_is_looked_at_again(plain: Town, visit: Visit, installed: Path) -> None:
    """What is taken back is what was seen; the act is an entry with the number."""
    now = epoch_ms(plain.now)
    case = reported(plain, wave(installed, now)[0], phish())
    client, page = visit("security"), f"/incidents/{case.pk}/pull/"
    assert "3 copies" in words(client.get(page)) and client.get(page + "?q=password").status_code == 422
    assert client.post(page, {"copies": 2, "reason": WHY}).status_code == 409 and not Pull.objects.exists()
    assert visit("crew0").post(page, {"copies": 3, "reason": WHY}).status_code == 403
    assert client.post(page, {"copies": 3, "reason": WHY}).status_code == 302
    assert Pull.objects.get().state == "running" and Entry.objects.get(act="pull.ask").facts["copies"] == 3


@pytest.mark.rule("P-31", "More than fifty copies are pulled back by two security officers.")
def test_above_fifty_copies_takes_a_second_person(plain: Town) -> None:
    """Never the same one twice; nothing moves before; the database holds it, too."""
    assert [states.begins(n) for n in (1, 50, 51)] == ["running", "running", "asked"]
    now, case = (
        epoch_ms(plain.now),
        reporting.propose("01a2150e-cece-7bb2-86d0-6e9539f71917", fingerprint_of(phish()), "x", now=epoch_ms(plain.now)),
    )
    assert message_removal.ask(case, many(50), "", 50, actor=officer(), reason=WHY, now=now).state == "running"
    Pull.objects.update(state="undone")
    made = message_removal.ask(case, many(51), "", 51, actor=officer(), reason=WHY, now=now)
    assert made.state == "asked"
    with pytest.raises(NotPermitted, match="not the second person"):
        message_removal.decide(made, agrees=True, actor=officer(), reason=WHY, now=now)
    assert message_removal.decide(made, agrees=True, actor=SECOND, reason=WHY, now=now).state == "running"
    Pull.objects.update(state="undone")
    made = message_removal.ask(case, many(51), "", 51, actor=officer(), reason=WHY, now=now)
    assert message_removal.decide(made, agrees=False, actor=SECOND, reason=WHY, now=now).state == "refused"


@pytest.mark.rule(
    "P-31",
    "An officer who removes copies of a case in steps needs a second person from the fifty-first copy on, too.",
)
def test_whoever_takes_a_case_back_bit_by_bit_has_a_second_person_too(plain: Town) -> None:
    """Thirty, and thirty more; what was put back, or agreed by two, does not count."""
    now, case = (
        epoch_ms(plain.now),
        reporting.propose("01a2150e-cece-7bb2-86d0-6e9539f71917", fingerprint_of(phish()), "x", now=epoch_ms(plain.now)),
    )

    def ask(copies: list[Copy]) -> Pull:
        return message_removal.ask(case, copies, "", len(copies), actor=officer(), reason=WHY, now=now)

    first = ask(many(30))
    assert (first.state, ask(many(60)[30:]).state) == ("running", "asked")
    Pull.objects.exclude(pk=first.pk).update(state="refused")
    Pull.objects.filter(pk=first.pk).update(state="undone")
    assert ask(many(60)[30:]).state == "running"


@pytest.mark.rule("P-31", "The other officers are notified immediately of copies that wait for a second person.")
def test_the_other_officers_hear_at_once_that_a_second_person_is_wanted(plain: Town) -> None:
    """Not whoever asks, and nobody where one officer is enough."""
    plain.grant("crew2", "security-officer")
    Notice.objects.all().delete()
    now, case = (
        epoch_ms(plain.now),
        reporting.propose("01a2150e-cece-7bb2-86d0-6e9539f71917", fingerprint_of(phish()), "x", now=epoch_ms(plain.now)),
    )
    told = Notice.objects.filter(key__startswith="pull-second:")
    message_removal.ask(case, many(50), "", 50, actor=officer(), reason=WHY, now=now)
    assert not told.exists()
    made = message_removal.ask(case, many(90)[50:], "", 40, actor=officer(), reason=WHY, now=now)
    assert [n.to for n in told] == [PAT] and f"/incidents/pulls/{made.pk}/" in told[0].text


@pytest.mark.rule("P-31", "A copy is removed once: one in removal is not counted again.")
def test_a_copy_is_asked_for_once(plain: Town, installed: Path) -> None:
    """Two officers at one moment, or one twice; the page counts only what nobody takes back yet."""
    now = epoch_ms(plain.now)
    case = reported(plain, wave(installed, now)[0], phish())
    copies = queries.find_copies(case, now=now).copies
    message_removal.ask(case, copies, "", 3, actor=officer(), reason=WHY, now=now)
    with pytest.raises(Conflict, match="already"):
        message_removal.ask(case, copies, "", 3, actor=SECOND, reason=WHY, now=now)
    again = queries.find_copies(case, now=now).copies
    assert Pull.objects.count() == 1 and counted(again) == (0, 0) and {has.state for has in again} == {"taking"}


@pytest.mark.rule("P-31", "Everyone whose copy is removed is notified once; one act restores all copies.")
def test_a_pull_goes_on_copy_by_copy_and_one_act_undoes_it(plain: Town, visit: Visit, installed: Path) -> None:
    """Out of mailboxes and My mail, everybody told once, the archive untouched, and back unread where it was unread."""
    now = epoch_ms(plain.now)
    one, two, other = wave(installed, now)
    case = reported(plain, one, phish())
    lies(installed, "dana.ortiz", one, "S"), lies(installed, "dana.ortiz", other), lies(installed, "pat.nguyen", two)
    dana = visit("crew0")
    assert dana.get(f"/mail/{one.uuid}/").status_code == 200
    found = queries.find_copies(case, now=now)
    pull = message_removal.ask(case, found.copies, "", 3, actor=officer(), reason=WHY, now=now)
    Notice.objects.all().delete()
    work(plain, installed)
    pull.refresh_from_db()
    assert pull.state == "done" and {(c.mailbox, c.state) for c in pull.copies.all()} == {
        (DANA, "taken"),
        (PAT, "gone"),
        (PAT, "taken"),
    }
    assert [p.name for p in (installed / "maildir/city.example").glob("*/*/*")] == [other.uuid]
    shut = words(dana.get(f"/mail/{one.uuid}/"))
    assert "cannot be read" in shut and "took it back from everybody" in shut and "password" not in shut
    assert "let go" not in shut
    assert dana.get(f"/mail/{one.uuid}/raw/").status_code == 404 and "Quarantined" in words(dana.get("/mail/"))
    assert dana.get(f"/mail/{other.uuid}/").status_code == 200 and Machine(installed).body(one.id) == phish()
    assert sorted(n.to for n in Notice.objects.all()) == [DANA, PAT] and "help the desk" not in Notice.objects.all()[0].text
    assert counted(queries.find_copies(case, now=now).copies) == (0, 0)
    page = f"/incidents/pulls/{pull.pk}/"
    assert visit("security").post(page, {"reason": WHY}).status_code == 302
    work(plain, installed)
    pull.refresh_from_db()
    assert pull.state == "undone" and {c.state for c in pull.copies.all()} == {"back"}
    assert dana.get(f"/mail/{one.uuid}/").status_code == 200
    assert Entry.objects.filter(act="pull.finish").count() == 2 and Entry.objects.get(act="pull.undo").facts["pull"] == pull.pk


@pytest.mark.rule("P-31", "An unavailable mailbox delays no other, is named, and is retried.")
def test_a_mailbox_that_cannot_be_asked_is_tried_again_and_holds_up_nobody(
    plain: Town,
    installed: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The problem stands beside the copy; the others go on; a quarter of a minute later it is done."""
    now = epoch_ms(plain.now)
    one = wave(installed, now)[0]
    case = reported(plain, one, phish())
    pull = message_removal.ask(case, queries.find_copies(case, now=now).copies, "", 3, actor=officer(), reason=WHY, now=now)
    remove, away = MessageRemoval.remove, [True]

    def dana_is_away(self: MessageRemoval, id_: bytes, index: int, said: object) -> str:
        if away[0] and (id_, index) == (one.id, 0):
            raise OSError("The mailbox server does not answer: refused")
        return remove(self, id_, index, said)  # type: ignore[arg-type]

    monkeypatch.setattr(MessageRemoval, "remove", dana_is_away)
    monkeypatch.setattr(processes, "connected", nullcontext)
    assert once(installed, "pulls", now=now)["dated"] == 2
    (left,) = pull.copies.filter(state="waits")
    assert "does not answer" in left.problem and once(installed, "pulls", now=now + 1000)["dated"] == 0
    away[0] = False
    assert once(installed, "pulls", now=now + 16_000)["dated"] == 2
    pull.refresh_from_db()
    assert pull.state == "done"


@given(st.lists(st.sampled_from(["agree", "refuse", "finish", "undo", "begin"]), max_size=12), st.integers(1, 60))
def test_no_walk_through_the_states_skips_the_second_person_or_comes_back_from_an_end(walk: list[str], copies: int) -> None:
    """P-31."""
    state = states.begins(copies)
    seen = [state]
    for action in walk:
        try:
            state = states.PULL.step(state, action)
        except Conflict:
            continue
        seen.append(state)
    assert (copies <= 50) == (seen[0] == "running")
    assert "running" not in seen[1:] or seen[0] == "asked"
    for end in ("refused", "undone"):
        assert end not in seen or seen[-1] == end
