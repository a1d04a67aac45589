"""Who may let go what is kept back: by kind one officer, two, or a privacy officer; asked and answered with reasons (P-25)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from civicmail.city.guard.actors import Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS, epoch_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.notices.models import Notice
from civicmail.city.policy.active_rules import starter_pack
from civicmail.desk.holding import queries, release_kinds, release_states
from civicmail.desk.holding.actions import release_copies, release_requests
from civicmail.desk.holding.held_copies import HeldCopy
from civicmail.desk.holding.models import Release
from civicmail.mail.archive.records import Capture
from desk.holding.test_quarantine import DANA, quarantined, states, words
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
WHY = "A vendor of ours sends this every month."
ME = Actor("p-crew0")


def officer(key: str, role: str = "security-officer") -> Actor:
    return Actor(f"p-{key}", held=(HeldRole(role, active_until=1 << 60),))  # type: ignore[arg-type]


FIRST, SECOND, PRIVACY = officer("security"), officer("author"), officer("second", "privacy-officer")


def kept(capture: Capture, now: int) -> HeldCopy:
    found = queries.copy(capture.id, 0, now)
    assert found is not None
    return found


def asked(city: Town, data: Path, rule: str, *, do: str = "quarantine", who: Actor = ME) -> tuple[Capture, Release]:
    now = epoch_ms(city.now)
    capture = quarantined(data, now - 1000, rule=rule, do=do)
    return capture, release_requests.request_release([kept(capture, now)], actor=who, reason=WHY, now=now)


@pytest.mark.rule(
    "P-25",
    "The strictest of several holding rules decides who may release: the reader, the recipient, an officer, a privacy "
    "officer, two officers.",
)
@pytest.mark.parametrize(
    ("rules", "kind"),
    [
        (("spam-band",), "spam"),
        (("spam-again", "first-contact", "shadow:executable", "notify:confidential-many"), "spam"),
        (("spam-band", "executable"), "other"),
        (("spam-band", "dmarc-quarantine"), "other"),
        (("spam-band", "unavailable:clamav"), "other"),
        (("gone-since",), "other"),
        ((), "other"),
        (("confidential-many", "executable"), "confidential"),
        (("spam-band", "malware-found", "confidential-many"), "malware"),
        (("malware-found", "file-leaves"), "elsewhere"),
    ],
)
def test_of_several_rules_the_strictest_says_who_decides(rules: tuple[str, ...], kind: str) -> None:
    assert release_kinds.kind_of(rules, starter_pack()) == kind


@pytest.mark.rule("P-25", "Known malware is released by two security officers, neither of whom is the requester.")
def test_the_virus_scanner_takes_two_officers_who_have_not_asked(city: Town, installed: Path) -> None:
    """Nothing goes on the word of one, of whoever asked, or of the same one twice."""
    now = epoch_ms(city.now)
    capture, row = asked(city, installed, "malware-found", who=FIRST)
    with pytest.raises(NotPermitted, match="themselves"):
        release_requests.agree(row, actor=FIRST, reason=WHY, now=now)
    with pytest.raises(Conflict):
        release_requests.release(row, actor=SECOND, reason=WHY, now=now)
    row = release_requests.agree(row, actor=SECOND, reason=WHY, now=now)
    assert (row.state, states(installed, capture.id)) == ("agreed", {DANA: False})
    with pytest.raises(NotPermitted, match="another person answers"):
        release_requests.release(row, actor=SECOND, reason=WHY, now=now)
    row = release_requests.release(row, actor=officer("head"), reason="We opened it in a sandbox.", now=now)
    assert (row.state, row.let, states(installed, capture.id)) == ("released", 1, {DANA: True})
    acts = list(Entry.objects.filter(act__startswith="release.").order_by("id").values_list("act", "person"))
    assert acts == [
        ("release.ask", "p-security"), ("release.agree", "p-author"), ("release.release", "p-head"), ("release.end", "p-head"),
    ]  # fmt: skip
    with pytest.raises(Conflict):
        release_requests.release(row, actor=FIRST, reason=WHY, now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Release.objects.filter(pk=row.pk).update(person=row.first)


def test_an_officer_asks_from_the_page_of_a_copy(city: Town, visit: Visit, installed: Path) -> None:
    """And nothing goes by that."""
    capture = quarantined(installed, epoch_ms(city.now) - 1000, rule="malware-found")
    client, page = visit("security"), f"/holding/quarantine/{capture.uuid}/0/"
    assert "Why should it go?" in words(client.get(page)) and client.post(page, {"reason": "short"}).status_code == 422
    row_page = client.post(page, {"reason": WHY})["Location"]
    assert Release.objects.get().requester.uid == "p-security" and states(installed, capture.id) == {DANA: False}
    assert "Nobody does this to themselves." in words(client.get(row_page))
    assert client.post(page, {"reason": WHY}).status_code == 409


@pytest.mark.rule("P-19, P-22, P-25", "One officer alone never releases what takes two, a privacy officer or a manager.")
def test_one_officer_alone_lets_nothing_go_that_takes_more(city: Town, installed: Path) -> None:
    """Not on the page of the quarantine either."""
    now = epoch_ms(city.now)
    for n, rule in enumerate(("malware-found", "confidential-many", "file-leaves")):
        copy = kept(quarantined(installed, now - 1000 - n, rule=rule), now)
        with pytest.raises(Conflict):
            release_copies.release(copy, actor=FIRST, reason=WHY, now=now)
        with pytest.raises(Conflict):
            release_copies.release_own(copy, actor=ME, now=now)
        assert states(installed, copy.id) == {DANA: False}
    assert not Entry.objects.filter(act="quarantine.release").exists()


@pytest.mark.rule("P-19", "Mail held for confidential information is released by a privacy officer, who is not the requester.")
def test_confidential_information_waits_for_a_privacy_officer(city: Town, installed: Path) -> None:
    now = epoch_ms(city.now)
    capture, row = asked(city, installed, "confidential-many", do="hold")
    with pytest.raises(NotPermitted, match="privacy officer"):
        release_requests.release(row, actor=FIRST, reason=WHY, now=now)
    assert release_requests.release(row, actor=PRIVACY, reason=WHY, now=now).state == "released"
    assert states(installed, capture.id) == {DANA: True}


@pytest.mark.rule("P-25, promise 7", "A release request has a reason, and its answer has a reason, without content of the message.")
def test_whoever_asks_hears_the_answer_and_why(city: Town, visit: Visit, installed: Path) -> None:
    """Asked once, on a page, with a reason; answered with one; nothing of the message is told."""
    capture = quarantined(installed, epoch_ms(city.now) - 1000, rule="executable")
    mine, page = visit("crew0"), f"/mail/{capture.uuid}/release/"
    assert "A security officer decides" in words(mine.get(page))
    assert mine.post(page, {"reason": "short"}).status_code == 422
    assert mine.post(page, {"reason": WHY}).status_code == 302
    assert "Release requested" in words(mine.get(page))
    row = Release.objects.get()
    with pytest.raises(Conflict):
        release_requests.request_release([kept(capture, epoch_ms(city.now))], actor=ME, reason=WHY, now=epoch_ms(city.now))
    security, there = visit("security"), f"/holding/releases/{row.pk}/"
    assert WHY in words(security.get(there)) and "executable" in words(security.get("/holding/releases/?state=waits"))
    assert visit("operator").get(there).status_code == 403 and mine.get(there).status_code == 403
    assert security.post(there, {"answer": "no", "reason": "It is a script."}).status_code == 302
    notice = Notice.objects.get(key=f"release:{row.pk}")
    assert notice.to == DANA and "It is a script." in notice.text and "heron@" not in notice.text
    assert states(installed, capture.id) == {DANA: False} and Release.objects.get().state == "refused"
    assert security.post(there, {"answer": "yes", "reason": WHY}).status_code in (200, 409)
    assert states(installed, capture.id) == {DANA: False}


@pytest.mark.rule("P-25", "Nothing is released twice, and a request about mail that is no longer held ends with a notice.")
def test_a_request_about_what_is_not_kept_back_any_more_is_over(city: Town, installed: Path) -> None:
    """Gone by another way, or unanswered for thirty days; whoever asked is told, once."""
    now = epoch_ms(city.now)
    capture, row = asked(city, installed, "executable")
    _, old = asked(city, installed, "beyond-limits")
    release_copies.release_message([kept(capture, now)], actor=FIRST, reason=WHY, now=now)
    assert states(installed, capture.id) == {DANA: True}
    late = release_requests.release(row, actor=FIRST, reason=WHY, now=now)
    assert (late.state, late.let) == ("lapsed", 0), "the same is not let go twice"
    assert (
        release_requests.expire(now),
        release_requests.expire(now + 31 * DAY_MS),
        release_requests.expire(now + 31 * DAY_MS),
    ) == (
        0,
        1,
        0,
    )
    assert Release.objects.get(pk=old.pk).state == "lapsed" and Notice.objects.filter(key__startswith="release:").count() == 2


def test_what_one_lets_go_oneself_is_not_asked_for(city: Town, installed: Path) -> None:
    """And what only a manager lets go is asked of nobody here (P-22)."""
    now = epoch_ms(city.now)
    for rule in ("spam-band", "file-leaves"):
        with pytest.raises(Conflict):
            asked(city, installed, rule)
    with pytest.raises(Conflict):
        release_requests.request_release([], actor=ME, reason=WHY, now=now)
    with pytest.raises(Unusable):
        release_requests.request_release(
            [kept(quarantined(installed, now, rule="executable"), now)], actor=ME, reason="why", now=now
        )
    _, row = asked(city, installed, "executable")
    with pytest.raises(NotPermitted):
        release_requests.withdraw(row, actor=FIRST, now=now)
    assert release_requests.withdraw(row, actor=ME, now=now).state == "withdrawn"
    with pytest.raises(Conflict):
        release_requests.withdraw(Release.objects.get(pk=row.pk), actor=ME, now=now)


STEPS = st.lists(
    st.tuples(st.sampled_from([ME, FIRST, SECOND, PRIVACY]), st.sampled_from(["agree", "release", "deny", "withdraw", "lapse"])),
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(["executable", "confidential-many", "malware-found"]), steps=STEPS)
def test_whatever_is_tried_follows_the_table(city: Town, installed: Path, kind: str, steps: list[tuple[Actor, str]]) -> None:
    """A copy goes only with a request that ended so, after as many people as its kind takes, none of whom has asked."""
    now = epoch_ms(city.now)
    with transaction.atomic():
        capture, row = asked(city, installed, kind)
        for actor, verb in steps:
            before = row.state
            try:
                if verb == "lapse":
                    release_requests.expire(now)
                elif verb == "withdraw":
                    release_requests.withdraw(row, actor=actor, now=now)
                else:
                    getattr(release_requests, verb)(row, actor=actor, reason=WHY, now=now)
            except (Conflict, NotPermitted):
                pass
            row = Release.objects.get(pk=row.pk)
            taken = {s.target for s in release_states.STEPS[row.kind] if s.source == before}
            assert row.state == before or row.state in taken
        assert states(installed, capture.id) == {DANA: row.state == "released"}
        if row.state == "released":
            people = [p.uid for p in (row.first, row.person) if p is not None]
            assert len(people) == len({*people, "p-crew0"}) - 1 == (2 if row.kind == "malware" else 1)
            assert (row.kind == "confidential") == (people == ["p-second"])
        transaction.set_rollback(True)


@pytest.mark.rule("P-25", "No security officer decides alone about mail of their own: they request, and another one answers.")
def test_no_officer_decides_alone_about_mail_of_their_own(city: Town, installed: Path) -> None:
    """They ask, and another officer answers."""
    now, own = epoch_ms(city.now), officer("crew0")
    copy = kept(quarantined(installed, now - 1000, rule="executable"), now)
    with pytest.raises(Conflict, match="another security officer"):
        release_copies.release(copy, actor=own, reason=WHY, now=now)
    with pytest.raises(Conflict, match="another security officer"):
        release_copies.release_message([copy], actor=own, reason=WHY, now=now)
    row = release_requests.request_release([copy], actor=own, reason=WHY, now=now)
    with pytest.raises(NotPermitted):
        release_requests.release(row, actor=own, reason=WHY, now=now)
    assert states(installed, copy.id) == {DANA: False}
    assert release_copies.release_message([copy], actor=FIRST, reason=WHY, now=now).released == (0,)
