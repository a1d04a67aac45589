"""Decisions on contents: coded, with their facts, inherited, undone, confirmed by a second person, never silently overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.law import adopted
from civicmail.city.law.errors import NotVerified
from civicmail.desk.records.actions import decisions, inheritance, item_assignments, redactions, second_reading
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.actions.decisions import Ruling
from civicmail.desk.records.actions.redactions import Place
from civicmail.desk.records.models import Decision, Item
from civicmail.desk.records.queries.contradictions import contradictions
from civicmail.desk.records.states import VERDICTS
from desk.records.review_world import Desk

pytestmark = pytest.mark.django_db
FACTS = {"counsel": "V. Holm", "client": "the city", "purpose": "advice on a claim", "confidentiality": "sent to nobody else"}


@pytest.fixture
def desk(city: Any) -> Desk:
    return Desk(city)


def decide(desk: Desk, items: Item | list[Item], verdict: str, *, by: str = "recorder", **more: Any) -> list[Decision]:
    seen = more.pop("seen", None)
    listed = items if isinstance(items, list) else [items]
    return decisions.decide(desk.request, listed, Ruling(verdict, **more), actor=desk.actor(by), now=desk.now(), seen=seen)


def counting(desk: Desk, item: Item) -> str:
    return Decision.objects.get(request=desk.request, content=item.content, replaced__isnull=True).verdict


@pytest.mark.rule("P-21", "Each message and file of a request gets one decision, which counts for every copy of it.")
def test_r17_a_decision_counts_for_all_copies_and_the_latest_one_counts(desk: Desk) -> None:
    item, copy = desk.item(1, "same"), desk.item(2, "same")
    for verdict in ("not-responsive", "duplicate", "release"):
        decide(desk, item, verdict)
        assert counting(desk, copy) == verdict
    assert Decision.objects.filter(request=desk.request).count() == 3
    assert set(VERDICTS) >= {"release", "redact", "withhold", "not-responsive", "not-a-record", "personal", "duplicate"}
    entry = Entry.objects.filter(object=object_of(desk.request), act="records.decided").latest("pk")
    assert entry.facts["verdict"] == "release" and entry.person == desk.actor().uid


def test_r17_what_is_no_record_needs_the_law_s_code_and_a_reason(desk: Desk) -> None:
    item = desk.item(1)
    with pytest.raises(Unusable, match="Write down: "):
        decide(desk, item, "not-a-record")
    (made,) = decide(desk, item, "not-a-record", facts={"reason": "a draft for the author alone"})
    assert made.code == "19.32(2)" and made.facts == {"reason": "a draft for the author alone"}
    with pytest.raises(Unusable, match="no code for this decision"):
        decide(desk, item, "withhold", code="schill")
    with pytest.raises(Unusable, match="Choose a decision"):
        decide(desk, item, "keep")


@pytest.mark.rule("P-21", "A decision that needs the law is refused while the law pack of the request cannot be verified.")
def test_r20_a_changed_law_pack_decides_nothing(desk: Desk, installed: Path) -> None:
    item, file = desk.item(1), adopted.path(installed, desk.request.law, desk.request.law_version)
    file.write_bytes(file.read_bytes().replace(b'needs = ["reason"]', b"needs = []"))
    with pytest.raises(NotVerified, match="was changed after it was adopted"):
        decide(desk, item, "not-a-record", facts={"reason": "a draft for the author alone"})
    assert not Decision.objects.filter(request=desk.request).exists()


@pytest.mark.rule("P-21", "A message is purely personal only when a second person agrees.")
def test_r18_personal_mail_takes_two_people(desk: Desk) -> None:
    """Schill v. Wisconsin Rapids School District, 2010 WI 86: the custodian decides."""
    item = desk.item(1)
    (made,) = decide(desk, item, "personal")
    assert made.code == "schill" and made.second_asked and made.reason
    assert [c.kind for c in contradictions(desk.request)] == ["second"]
    with pytest.raises(NotPermitted):
        second_reading.confirm(desk.request, item, actor=desk.actor(), now=desk.now())
    desk.assign("attorney", "attorney")
    assert second_reading.confirm(desk.request, item, actor=desk.actor("attorney"), now=desk.now()).confirmed_by is not None
    assert contradictions(desk.request) == []


@pytest.mark.rule("P-21", "Privilege and the balancing test count only with their facts, and with the city attorney's approval.")
def test_r19_privilege_cannot_be_saved_without_its_facts(desk: Desk) -> None:
    item = desk.item(1)
    with pytest.raises(Unusable) as refused:
        decide(desk, item, "withhold", code="905.03", facts={**FACTS, "counsel": "  "})
    assert list(refused.value.fields) == ["fact-counsel"]
    (made,) = decide(desk, item, "withhold", code="905.03", facts={**FACTS, "more": "x"})
    assert made.facts == FACTS and made.second_asked


def test_r19_privilege_is_approved_by_the_city_attorney_and_nobody_else(desk: Desk) -> None:
    item = desk.item(1)
    desk.assign("attorney", "attorney")
    desk.assign("records", "second")
    decide(desk, item, "withhold", code="905.03", facts=FACTS)
    desk.city.grant("records", "records-officer", taken=True)
    with pytest.raises(NotPermitted, match="city attorney"):
        second_reading.confirm(desk.request, item, actor=desk.actor("records"), now=desk.now())
    second_reading.confirm(desk.request, item, actor=desk.actor("attorney"), now=desk.now())
    with pytest.raises(NotPermitted):  # the one who withheld it cannot be the attorney who agrees
        decide(desk, item, "withhold", by="attorney", code="905.03", facts=FACTS)
        second_reading.confirm(desk.request, item, actor=desk.actor("attorney"), now=desk.now())


@pytest.mark.rule("P-21", "Nothing is withheld or redacted without a code of the law pack that is in force.")
def test_r20_no_code_no_withholding_and_balancing_needs_both_interests(desk: Desk) -> None:
    item = desk.item(1)
    with pytest.raises(Unusable, match="Choose the code"):
        decide(desk, item, "withhold")
    with pytest.raises(Unusable, match=r"no code 19\.36\(99\)"):
        decide(desk, item, "withhold", code="19.36(99)")
    with pytest.raises(Unusable) as refused:
        decide(desk, item, "withhold", code="balancing", facts={"interest-in-secrecy": "safety"})
    assert set(refused.value.fields) == {"fact-interest-in-disclosure", "fact-specific-demonstration"}
    (mark,) = redactions.mark(desk.request, [Place(item.content, 0, 1)], actor=desk.actor(), now=desk.now())
    with pytest.raises(Unusable, match="its facts"):
        redactions.apply(desk.request, [mark.number], "balancing", "", {}, actor=desk.actor(), now=desk.now())
    with pytest.raises(Unusable, match="give each redaction its code"):
        decide(desk, item, "redact")


@pytest.mark.rule("P-21", "A decision that another reviewer made meanwhile is not overwritten.")
def test_two_reviewers_who_decide_opposite_see_each_other(desk: Desk) -> None:
    item = desk.item(1)
    desk.assign("attorney", "attorney")
    decide(desk, item, "release", seen=())
    with pytest.raises(Conflict, match="decided this meanwhile"):
        decide(desk, item, "not-responsive", by="attorney", seen=())
    assert counting(desk, item) == "release"


def test_undo_brings_back_what_counted_before_on_all_contents_of_the_act(desk: Desk) -> None:
    one, two = desk.item(1), desk.item(2)
    decide(desk, one, "not-responsive")
    decide(desk, [one, two], "release")
    assert len(decisions.undo(desk.request, actor=desk.actor(), now=desk.now())) == 2
    assert counting(desk, one) == "not-responsive"
    assert not Decision.objects.filter(content=two.content, replaced__isnull=True).exists()
    decisions.undo(desk.request, actor=desk.actor(), now=desk.now())
    with pytest.raises(Conflict, match="no decision of yours"):
        decisions.undo(desk.request, actor=desk.actor(), now=desk.now())
    assert Decision.objects.filter(request=desk.request).count() == 3, "what was undone stays in the history"


def test_only_who_is_assigned_decides_and_nothing_changes_after_the_end_or_a_suit(desk: Desk) -> None:
    item = desk.item(1)
    desk.request.assignments.filter(person=desk.city.people["attorney"]).update(until=desk.city.now)
    with pytest.raises(NotPermitted, match="not assigned"):
        decide(desk, item, "release", by="attorney")
    with pytest.raises(NotPermitted):
        decide(desk, item, "release", by="examiner")
    desk.request.suit = from_ms(desk.now())
    desk.request.save()
    with pytest.raises(Conflict, match="a suit"):
        decide(desk, item, "release")
    desk.request.suit, desk.request.state = None, "withdrawn"
    desk.request.save()
    with pytest.raises(Conflict, match="closed"):
        decide(desk, item, "release")


@pytest.mark.rule("P-21", "Later requests can take over decisions on the same content, with their redactions.")
def test_a_later_request_takes_over_decisions_with_their_redactions(desk: Desk) -> None:
    released, redacted, asked = desk.item(1, "a"), desk.item(2, "b"), desk.item(3, "c")
    decide(desk, released, "release")
    (mark,) = redactions.mark(desk.request, [Place(redacted.content, 2, 4)], actor=desk.actor(), now=desk.now())
    redactions.apply(desk.request, [mark.number], "19.36(10)(a)", "", {}, actor=desk.actor(), now=desk.now())
    decide(desk, redacted, "redact")
    decide(desk, asked, "not-responsive")
    later = desk.other_request()
    for number, content in enumerate("abcd", 1):
        desk.item(number, content, later)
    made = inheritance.take_over(later, actor=desk.actor(), now=desk.now())
    assert sorted(d.verdict for d in made) == ["redact", "release"]
    assert all(d.inherited is not None and d.inherited.request == desk.request for d in made)
    (copied,) = later.redactions.all()
    assert (copied.first, copied.last, copied.code, copied.number) == (2, 4, "19.36(10)(a)", 1)
    assert inheritance.take_over(later, actor=desk.actor(), now=desk.now()) == []


def test_what_earlier_requests_decided_differently_stays_open_and_is_named(desk: Desk) -> None:
    item, later = desk.item(1, "a"), desk.other_request()
    desk.item(1, "a", later)
    decide(desk, item, "release")
    made = decisions.decide(later, list(later.items.all()), Ruling("withhold", "19.36(13)"), actor=desk.actor(), now=desk.now())
    assert [c.kind for c in contradictions(desk.request)] == ["request"]
    assert later.number in contradictions(desk.request)[0].sentence
    decide(desk, item, "release", note="The account was closed in 2019.")
    assert contradictions(desk.request) == [] and made[0].code == "19.36(13)"


@pytest.mark.rule("P-21", "What contradicts itself in the decisions of a request is listed, so that it can block the release.")
def test_contradictions_of_a_request_are_listed(desk: Desk) -> None:
    parent = desk.item(1)
    file = desk.item(2, capture=parent.capture, part="2", parent=parent)
    near = desk.item(3, cluster=7)
    nearer = desk.item(4, cluster=7)
    open_ = desk.item(5)
    redactions.mark(desk.request, [Place(nearer.content, 0, 0)], actor=desk.actor(), now=desk.now())
    decide(desk, parent, "not-responsive")
    decide(desk, [file, nearer], "release")
    decide(desk, near, "withhold", code="19.36(13)")
    found = [(c.item, c.kind) for c in contradictions(desk.request)]
    assert found == [(2, "family"), (4, "cluster"), (4, "uncoded"), (5, "open")]
    decide(desk, open_, "duplicate")
    assert ("open" in {c.kind for c in contradictions(desk.request)}) is False


def test_r23_a_second_reader_gets_an_item_and_a_sample_of_what_is_released(desk: Desk) -> None:
    items = [desk.item(n) for n in range(1, 41)]
    decide(desk, items, "release")
    desk.assign("attorney", "attorney")
    drawn = second_reading.sample(desk.request, 10, actor=desk.actor(), now=desk.now())
    chosen = set(Decision.objects.filter(second_asked=True).values_list("content", flat=True))
    assert drawn == len(chosen) == 4
    second_reading.sample(desk.request, 10, actor=desk.actor(), now=desk.now())
    assert chosen == set(Decision.objects.filter(second_asked=True).values_list("content", flat=True))
    first = Item.objects.get(request=desk.request, content=min(chosen))
    second_reading.confirm(desk.request, first, actor=desk.actor("attorney"), now=desk.now())
    assert len(contradictions(desk.request)) == 3
    assert second_reading.ask(desk.request, first, actor=desk.actor(), now=desk.now()) == str(desk.city.people["records"])
    assert len(contradictions(desk.request)) == 4


@pytest.mark.rule("P-21", "A change of a redaction takes back the second person's agreement.")
def test_r23_a_changed_redaction_is_confirmed_again(desk: Desk) -> None:
    item = desk.item(1)
    desk.assign("attorney", "attorney")
    (mark,) = redactions.mark(desk.request, [Place(item.content, 0, 1)], actor=desk.actor(), now=desk.now())
    facts = dict.fromkeys(("interest-in-disclosure", "interest-in-secrecy", "specific-demonstration"), "written out")
    redactions.apply(desk.request, [mark.number], "balancing", "", facts, actor=desk.actor(), now=desk.now())
    (made,) = decide(desk, item, "redact")
    assert made.second_asked
    with pytest.raises(NotPermitted):
        second_reading.confirm(desk.request, item, actor=desk.actor(), now=desk.now())
    second_reading.confirm(desk.request, item, actor=desk.actor("attorney"), now=desk.now())
    assert contradictions(desk.request) == []
    redactions.mark(desk.request, [Place(item.content, 5, 5)], actor=desk.actor(), now=desk.now(), code="19.36(13)")
    assert [c.kind for c in contradictions(desk.request)] == ["second"]


def test_items_are_divided_by_whole_threads_and_families(desk: Desk) -> None:
    for n in range(1, 7):
        desk.item(n, thread="t1" if n in (2, 5) else "")
    count = item_assignments.assign(desk.request, desk.city.people["recorder"], 2, actor=desk.actor(), now=desk.now())
    mine = Item.objects.filter(request=desk.request, reader=desk.city.people["recorder"])
    assert count == 3 and list(mine.values_list("number", flat=True)) == [1, 2, 5]
    with pytest.raises(Unusable, match="does not work on request"):
        item_assignments.assign(desk.request, desk.city.people["examiner"], 2, actor=desk.actor(), now=desk.now())


@pytest.mark.rule("P-21", "The number of a redaction is never used again.")
def test_r22_numbers_of_redactions_are_never_used_again(desk: Desk) -> None:
    item = desk.item(1)
    first = redactions.mark(desk.request, [Place(item.content, n, n) for n in (1, 2)], actor=desk.actor(), now=desk.now())
    assert redactions.mark(desk.request, [Place(item.content, 1, 1)], actor=desk.actor(), now=desk.now()) == []
    redactions.remove(desk.request, [2], actor=desk.actor(), now=desk.now())
    (third,) = redactions.mark(desk.request, [Place(item.content, 2, 2)], actor=desk.actor(), now=desk.now())
    assert [r.number for r in first] == [1, 2] and third.number == 3
    with pytest.raises(Conflict, match="removed meanwhile"):
        redactions.remove(desk.request, [2], actor=desk.actor(), now=desk.now())
    assert [r.number for r in redactions.undo(desk.request, item, actor=desk.actor(), now=desk.now())] == [3]
    redactions.remove(desk.request, [1], actor=desk.actor(), now=desk.now())
    assert [r.number for r in redactions.undo(desk.request, item, actor=desk.actor(), now=desk.now())] == [1]
    with pytest.raises(Unusable, match="at least 10"):
        redactions.allow(desk.request, 1, "no", actor=desk.actor(), now=desk.now())
    assert redactions.allow(desk.request, 1, "Another person of this name.", actor=desk.actor(), now=desk.now()).override
