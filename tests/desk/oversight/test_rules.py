"""The life of a rule: written, tested, approved by somebody else, in force, replaced, over (P-29)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.directory.models import Mailbox
from civicmail.city.guard import models as guard
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.identity import models as identity
from civicmail.city.notices.models import Notice
from civicmail.city.policy import active_rules
from civicmail.desk.oversight import rule_text, states
from civicmail.desk.oversight.actions import announce_rules, publish_rules, rule_decisions, rules
from civicmail.desk.oversight.models import Book, Version
from civicmail.desk.oversight.queries.rules import earliest
from desk.oversight.book import CHANGED, WHY, approved, author, later, mine, proposed, second, text
from pages.world import Town

db = pytest.mark.django_db


def acts(rule: str = "no-iso") -> list[str]:
    return list(guard.Entry.objects.filter(object=f"rule:{rule}").order_by("id").values_list("act", flat=True))


@db
def test_a_rule_acts_after_a_second_person_has_approved_it_and_each_step_is_an_entry(
    city: Town, installed: Path, django_capture_on_commit_callbacks: object
) -> None:
    """P-29: draft, tested, proposed, approved, active; the book is one file from then on."""
    now = epoch_ms(city.now)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        row = approved(city, now)
    row.refresh_from_db()
    assert (row.state, row.number, row.approver.uid) == ("active", 1, "p-second")
    assert acts() == ["rule.draft", "rule.test", "rule.propose", "rule.approve", "rule.activate"]
    assert [r.id for r in active_rules.active(installed).rules] == ["no-iso"]
    assert Book.objects.get().text == active_rules.active_path(installed).read_text()


@pytest.mark.rule("P-29", "The author of a rule is notified of the decision by mail, with its reason.")
@db
def test_the_author_hears_the_decision_by_mail(city: Town) -> None:
    now = epoch_ms(city.now)
    row = rule_decisions.deny(proposed(city, now), actor=second(), reason=WHY, now=now)
    box = Mailbox.objects.get(holder__uid="p-author", kind="personal")
    notice = Notice.objects.get(to=box.address, key__startswith="rule-decided:")
    assert notice.subject == "Version 1 of the rule no-iso was denied" and f"Reason: {WHY}" in notice.text
    assert reverse("rule-version", args=[row.rule, row.number]) in notice.text


@pytest.mark.rule("P-29", "No rule acts that was approved by one of its authors, whatever their roles.")
@db
@pytest.mark.parametrize("who", ["p-helper", "p-author"])
def test_who_has_written_in_a_rule_never_approves_it(city: Town, who: str) -> None:
    """Neither who began it nor who mended it, whatever roles they hold."""
    now = epoch_ms(city.now)
    city.person("helper", "Uma", "Ness", "clerk", "Policy Analyst")
    row = rules.draft(text(), CHANGED, after=0, actor=author(), now=now)
    row = rules.edit(row, text(why="Disk images and shortcuts."), CHANGED, actor=author("p-helper"), now=now)
    row = rules.propose(rules.test(row, actor=author(), now=now), WHY, actor=author(), now=now)
    for actor in (author(who), second(who)):
        with pytest.raises(NotPermitted, match="Who wrote a rule does not approve it"):
            rule_decisions.approve(row, actor=actor, reason=WHY, now=now)
    assert rule_decisions.approve(row, actor=author("p-second"), reason=WHY, now=now).state == "active", "another author may"


@pytest.mark.rule("P-29", "Of two authors of one draft the second is told so, keeps their text, and nothing is half-done.")
@db
def test_two_at_once_never_overwrite_each_other(city: Town) -> None:
    """The second one hears that somebody was faster, and nothing is half done."""
    now = epoch_ms(city.now)
    row = rules.draft(text(), CHANGED, after=0, actor=author(), now=now)
    seen = Version.objects.get(pk=row.pk)
    rules.edit(row, text(why="Another reason for it."), CHANGED, actor=author(), now=now)
    with pytest.raises(Conflict):
        rules.edit(seen, text(why="A third reason for it."), CHANGED, actor=author(), now=now)
    with pytest.raises(Conflict):
        rules.draft(text(), CHANGED, after=0, actor=author(), now=now)
    with pytest.raises(Conflict):
        rules.draft(text(), CHANGED, after=1, actor=author(), now=now)
    assert mine().get().revision == 2


@db
def test_what_was_changed_after_it_was_shown_is_not_approved(city: Town) -> None:
    now = epoch_ms(city.now)
    row = proposed(city, now)
    shown = Version.objects.get(pk=row.pk)
    rules.withdraw(row, WHY, actor=author(), now=now)
    with pytest.raises(Conflict):
        rule_decisions.approve(shown, actor=second(), reason=WHY, now=now)
    assert not mine().filter(state="active").exists()


@db
@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (
            text(when="inbound && files.activ"),
            "line 10, column 20: in when, there is no fact files.activ; the nearest is files.active",
        ),
        (text(do="delay"), "do is one of"),
        (text() + text("another"), "has one [[rule]]"),
        (text(when="inbound && !files.active"), "does not fit this example, and should"),
        ("[[rule", "is no TOML"),
        ("[matrix]\nclamav = 1\n", "the row of clamav has"),
        ("x" * 40_001, "at most 40,000"),
        (text("emergency-1"), "may not be called"),
        (text("new"), "may not be called"),
        ("", "nothing else"),
    ],
)
def test_a_broken_draft_says_where_and_what_comes_nearest(city: Town, broken: str, said: str) -> None:
    """P-29: at its field, and nothing is kept."""
    with pytest.raises(Unusable) as wrong:
        rules.draft(broken, CHANGED, after=0, actor=author(), now=epoch_ms(city.now))
    assert said in wrong.value.fields["text"]
    assert not mine().exists()


@pytest.mark.rule(
    "P-18, P-29",
    "A rule that could hold or reject mail of employees notifies them for ten working days, with the same condition, "
    "before it acts.",
)
@db
def test_a_rule_that_could_hold_mail_of_employees_tells_them_for_ten_working_days_first(city: Town) -> None:
    """Counted from the day on which it began to tell, with the same condition."""
    now = int(datetime(2026, 11, 20, 15, tzinfo=UTC).timestamp() * 1000)  # a Friday
    holds = text(when="files.active", do="hold", mode="enforce")
    row = rules.test(rules.draft(holds, CHANGED, after=0, actor=author(), now=now), actor=author(), now=now)
    with pytest.raises(Unusable) as wrong:
        rules.propose(row, WHY, actor=author(), now=now)
    assert "ten working days" in wrong.value.fields["starts"]
    rules.withdraw(row, WHY, actor=author(), now=now)
    approved(city, now, text(when="files.active", do="hold", mode="notify"), after=1)
    row = rules.test(rules.draft(holds, CHANGED, after=2, actor=author(), now=now), actor=author(), now=now)
    first = earliest(row, now)
    assert first is not None
    assert from_ms(first).date().isoformat() in ("2026-12-05", "2026-12-04"), "the midnight after Friday, December 4"
    with pytest.raises(Unusable):
        rules.propose(row, WHY, starts=from_ms(first - 1), actor=author(), now=now)
    row = rules.propose(row, WHY, starts=from_ms(first), actor=author(), now=now)
    assert rule_decisions.approve(row, actor=second(), reason=WHY, now=now).state == "approved"
    assert publish_rules.activate_due(first - 1) == 0
    assert publish_rules.activate_due(first) == 1
    assert mine().get(state="active").mode == "enforce"


@db
def test_another_condition_begins_to_tell_anew_and_mail_from_outside_needs_no_notice(city: Town) -> None:
    now = epoch_ms(city.now)
    told = approved(city, now, text(when="files.active", do="hold", mode="notify"))
    wider = Version(rule="no-iso", number=2, text=text(when="files.active || files.macros", do="hold"), mode="enforce")
    assert earliest(wider, now) is None
    assert earliest(Version(rule="no-iso", number=2, text=text(when="files.active", do="hold")), now) not in (0, None)
    assert earliest(Version(rule="no-iso", number=2, text=text(when="files.active", do="encrypt")), now) is None, "it would wait"
    assert earliest(Version(rule="no-iso", number=2, text=text(when="inbound && files.active")), now) == 0
    assert earliest(Version(rule="no-iso", number=2, text=text(when="files.active || (inbound && files.macros)")), now) is None
    assert told.state == "active"


@db
def test_time_ends_a_rule_and_a_second_person_takes_one_out(
    city: Town, installed: Path, django_capture_on_commit_callbacks: object
) -> None:
    """P-29: the book is without it from then on, and the versions stay."""
    now = epoch_ms(city.now)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        approved(city, now, text(expires=(city.now + timedelta(days=3)).date().isoformat()))
        other = approved(city, now, text("other"))
        assert publish_rules.expire_due(later(now, 3)) == 0, "its last day is one of its days"
        assert publish_rules.expire_due(later(now, 5)) == 1
        out = rules.take_out(other, WHY, actor=author(), now=now)
        with pytest.raises(NotPermitted):
            rule_decisions.approve(out, actor=author(), reason=WHY, now=now)
        assert rule_decisions.approve(out, actor=second(), reason=WHY, now=now).state == "retired"
    assert active_rules.active(installed).rules == ()
    assert {(v.rule, v.state) for v in mine()} == {
        ("no-iso", "expired"),
        ("other", "replaced"),
        ("other", "retired"),
    }


@db
def test_the_starter_pack_is_version_1_and_a_lost_file_is_written_again(
    city: Town, installed: Path, django_capture_on_commit_callbacks: object
) -> None:
    """P-29: once, by the worker or by whoever writes first; where a process died right after its commit the worker publishes."""
    now = epoch_ms(city.now)
    Version.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        rules.draft(text(), CHANGED, after=0, actor=author(), now=now)
    assert not publish_rules.adopt(now)
    book = active_rules.active(installed)
    assert [r.id for r in book.rules] == [r.id for r in active_rules.starter_pack().rules]
    assert book.matrix == active_rules.starter_pack().matrix
    assert not publish_rules.repair()
    active_rules.active_path(installed).unlink()
    assert publish_rules.repair()
    assert active_rules.active(installed).version == book.version


@db
def test_the_fail_matrix_is_approved_like_a_rule(city: Town) -> None:
    now = epoch_ms(city.now)
    written = '[matrix]\nclamav = { inbound = "hold", internal = "deliver-again", outbound = "pending" }\n'
    row = approved(city, now, written, after=1)
    assert (row.rule, row.state) == (rule_text.MATRIX, "active")
    with pytest.raises(Unusable) as wrong:
        rules.draft(written.replace('"hold"', '"deliver-again"'), CHANGED, after=2, actor=author(), now=now)
    assert "nothing is delivered from outside" in wrong.value.fields["text"]


@db
@pytest.mark.parametrize("what", ["draft", "edit", "test", "propose", "withdraw", "take_out", "approve", "refuse"])
def test_every_verb_asks_the_guard(city: Town, what: str) -> None:
    """A policy approver writes nothing; whoever writes decides nothing of their own."""
    now = epoch_ms(city.now)
    row = proposed(city, now)
    verbs = {
        "draft": lambda: rules.draft(text("other"), CHANGED, after=0, actor=second(), now=now),
        "edit": lambda: rules.edit(row, text(), CHANGED, actor=second(), now=now),
        "test": lambda: rules.test(row, actor=second(), now=now),
        "propose": lambda: rules.propose(row, WHY, actor=second(), now=now),
        "withdraw": lambda: rules.withdraw(row, WHY, actor=second(), now=now),
        "take_out": lambda: rules.take_out(row, WHY, actor=second(), now=now),
        "approve": lambda: rule_decisions.approve(row, actor=author(), reason=WHY, now=now),
        "refuse": lambda: rule_decisions.deny(row, actor=author(), reason=WHY, now=now),
    }
    before = guard.Entry.objects.count()
    with pytest.raises(NotPermitted):
        verbs[what]()
    assert guard.Entry.objects.count() == before


@given(st.lists(st.sampled_from(sorted({s.action for s in states.STEPS})), max_size=8))
def test_nothing_acts_that_nobody_has_approved(actions: list[str]) -> None:
    state: str = "draft"
    seen = []
    for action in actions:
        try:
            state = states.step(state, action)
        except Conflict:
            continue
        seen.append(action)
    if state in ("active", "replaced", "expired", "retired"):
        assert "approve" in seen
        assert seen.index("test") < seen.index("propose") < seen.index("approve")


@db
def test_employees_are_told_once_what_a_rule_will_do(city: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """P-18, P-29: those whose mail it is, a few at a time, whatever was interrupted; mail from outside concerns nobody."""
    now = epoch_ms(city.now)
    one = identity.Authorization.objects.filter(state="active", role="holder").select_related("person", "mailbox").order_by("pk")[0]
    one.person.language = "es"
    one.person.save(update_fields=["language"])
    monkeypatch.setattr(announce_rules, "BATCH_SIZE", 7)
    wanted = text(when='files.active && sender.department == "fire"', do="hold", mode="notify")
    facts = 'facts = { "files.active" = true, "sender.department" = "fire" }'
    approved(city, now, wanted.replace('facts = { "files.active" = true }', facts))
    approved(city, now, text("outside", mode="notify"))
    approved(city, now, text("all", when="files.macros", do="refuse", mode="notify").replace("files.active", "files.macros"))
    while announce_rules.announce(now):
        pass
    told = {key.rpartition(":")[0]: n for key, n in Counter(n.key for n in Notice.objects.filter(key__startswith="rule:")).items()}
    assert set(told) == {"rule:no-iso:1", "rule:all:1"}
    holders = identity.Authorization.objects.filter(state="active", role="holder")
    assert Notice.objects.filter(key__startswith="rule:all:").count() == holders.count()
    assert Notice.objects.filter(key__startswith="rule:no-iso:").count() == holders.filter(department__code="fire").count() > 0
    assert "Until that day nothing is kept back." in Notice.objects.filter(key__startswith="rule:")[0].text
    assert not mine().filter(announced__isnull=True, state="active").exists()
    assert announce_rules.announce(now) == 0
    theirs = Notice.objects.filter(to=one.mailbox.address)
    assert {notice.text.partition(" ")[0] for notice in theirs} == {"Parte"}, "in the language that they have chosen"
    assert Notice.objects.exclude(pk__in=theirs).filter(text__startswith="Some of the mail").exists()
    again = text(when="files.macros", do="refuse", mode="notify", why="Said better now.").replace("files.active", "files.macros")
    approved(city, now, again.replace('id = "no-iso"', 'id = "all"'), after=1)
    assert announce_rules.announce(now) == 0, "of other words nobody is told anew"
    assert mine().get(rule="all", state="active").announced is not None
