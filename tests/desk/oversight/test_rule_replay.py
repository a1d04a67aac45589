"""What a rule would have done: counted from what rules were told then, and the same as evaluating live (P-29)."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.guard import models as guard
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.policy.dispositions import Disposition
from civicmail.city.policy.engine import decide
from civicmail.city.policy.rule_parser import parse_rule_set
from civicmail.desk.oversight import rule_replay, rule_text, tasks
from civicmail.desk.oversight.actions import replays, rules
from civicmail.desk.oversight.models import Hits, Replay
from civicmail.desk.oversight.recorded_facts import RecordedFacts
from civicmail.desk.oversight.rule_replay import Replaying, Tally
from civicmail.front.worker.journal_reader import JournalReader
from desk.oversight.book import CHANGED, approved, author, officer, text
from desk.oversight.mailed import DAY, keep, letter, released
from pages.world import Town

db = pytest.mark.django_db
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "inbound": st.booleans(), "files.active": st.booleans(), "files.macros": st.booleans(),
        "unavailable": st.sampled_from([(), ("files",), ("clamav",), ("read",)]),
        "sender.department": st.sampled_from(["", "fire"]),
    },
)  # fmt: skip
COPIES = st.lists(st.fixed_dictionaries({}, optional={"recipient.department": st.sampled_from(["fire", "clerk"]), "outbound": st.booleans()}), min_size=1, max_size=4)  # fmt: skip  # noqa: E501


def made(data: Path, now: int) -> None:
    """The worker, until nothing is left to do."""
    with closing(tasks.Replays(data, lambda: now)) as job:
        while job.step():
            pass


@pytest.mark.rule("P-29", "A replay counts live decisions, for the active version and the one tested, both ways of change.")
@given(st.lists(st.tuples(FACTS, COPIES), max_size=12))
def test_a_replay_counts_what_evaluating_live_decides(mail: list[tuple[dict[str, object], list[dict[str, object]]]]) -> None:
    """P-29; issue 6, acceptance 5: for the version that acts and the one that is tried, message by message."""
    active = parse_rule_set(
        [("x", text() + text("other", when="inbound && files.macros", do="refuse").replace("files.active", "files.macros"))]
    )
    tried = rule_text.read(text(when="inbound && (files.active || files.macros)"))
    before, after = rule_replay.books(active, tried, "no-iso")
    told = [
        RecordedFacts(
            f"{n:032x}", n * DAY, "mx", {"source": "mx", **facts}, tuple(Disposition(i, "deliver", (), c) for i, c in enumerate(to))
        )  # type: ignore[arg-type,dict-item]
        for n, (facts, to) in enumerate(mail)
    ]
    tally = Tally()
    Replaying("no-iso", before, after, lambda at: timezone.localdate()).add(tally, told)
    live = [
        [
            [("no-iso" in d.rules, d.do) for d in decide(b, t.facts, [c.facts for c in t.copies], t.received)]
            for b in (before, after)
        ]
        for t in told
    ]
    was = [any(hit for hit, _ in one) for one, _ in live]
    is_ = [any(hit for hit, _ in two) for _, two in live]
    assert (tally.messages, tally.copies) == (len(told), sum(len(t.copies) for t in told))
    assert (tally.before, tally.after) == (sum(was), sum(is_))
    assert (tally.new, tally.gone) == (sum(b and not a for a, b in zip(was, is_, strict=True)), sum(a and not b for a, b in zip(was, is_, strict=True)))  # fmt: skip  # noqa: E501
    changed = [f"{b[1]}>{a[1]}" for one, two in live for b, a in zip(one, two, strict=True) if b[1] != a[1]]
    assert tally.outcomes.total() == len(changed) and set(tally.outcomes) == set(changed)
    assert sum(d[2] for d in tally.departments.values()) == sum(hit for _, two in live for hit, _ in two)
    assert Tally.from_plain(tally.plain()) == tally, "it goes on after a restart"


@db
def test_a_replay_is_made_a_piece_at_a_time_and_goes_on_after_a_restart(
    city: Town, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P-29: every message once, whatever was interrupted; imports and what nobody looked into are told apart."""
    now = epoch_ms(city.now)
    old = now - 20 * DAY
    mail = [letter(old + n * 60_000, {"files.active": n % 3 == 0, "files.macros": n % 2 == 0}, "fire", "clerk") for n in range(12)]
    mail += [letter(old + n, {"unavailable": ("files",)}, "fire") for n in range(2)]
    bare = letter(old - 5, {}, "fire")
    keep(installed, [*mail, bare.__class__(**{**{f: getattr(bare, f) for f in bare.__slots__}, "facts": {}})])
    keep(installed, [letter(old - 90 * DAY, {"files.active": True}, "fire")])
    approved(city, now)
    tried = rules.draft(text(when="inbound && (files.active || files.macros)"), CHANGED, after=1, actor=author(), now=now)
    monkeypatch.setattr(tasks, "PAGE", 5)
    monkeypatch.setattr(tasks, "PIECE", 0.0)
    for query in ("", "smaller:1M"):
        row = replays.order(tried, query, now - 30 * DAY, now - DAY, actor=author(), now=now)
        with closing(tasks.Replays(installed, lambda: now)) as job:
            assert job.step()
        made(installed, now)
        row.refresh_from_db()
        tally = Tally.from_plain(row.result)
        assert (row.state, row.found, row.done) == ("done", 15, 15), row.why
        assert (tally.messages, tally.bare, tally.copies, tally.unsure) == (14, 1, 26, 2)
        assert (tally.before, tally.after, tally.new, tally.gone) == (4, 8, 4, 0)
        assert tally.departments["clerk"] == [12, 4, 8, 4, 0]
        assert len(tally.sample) == 4
        row.delete()
    assert guard.Entry.objects.filter(act="rule.replay").count() == 2


@pytest.mark.rule(
    "P-29, promise 4",
    "A replay is narrowed by envelopes alone, and its result has numbers and ids, no word of mail and no address.",
)
@db
def test_a_replay_tells_nothing_of_what_is_in_mail(city: Town, installed: Path) -> None:
    """It is narrowed by envelopes alone, and its result has numbers and ids."""
    now = epoch_ms(city.now)
    keep(installed, [letter(now - DAY, {"files.active": True, "message.subject": "kestrel"}, "fire")])
    row = approved(city, now)
    for query in ("kestrel", "subject:kestrel", "body:heron", "bcc:a@outside.example", "-subject:kestrel", "(from:a OR plover)"):
        with pytest.raises(Unusable) as wrong:
            replays.order(row, query, now - 7 * DAY, now - DAY // 2, actor=author(), now=now)
        assert "query" in wrong.value.fields, query
    with pytest.raises(NotPermitted):
        replays.order(row, "", now - 7 * DAY, now - DAY // 2, actor=officer(until=0), now=now)
    asked = replays.order(row, "from:outside.example", now - 7 * DAY, now - DAY // 2, actor=author(), now=now)
    with pytest.raises(Conflict):
        replays.order(row, "", now - 7 * DAY, now - DAY // 2, actor=author(), now=now)
    made(installed, now)
    asked.refresh_from_db()
    assert (asked.state, asked.done, Tally.from_plain(asked.result).after) == ("done", 1, 1)
    for word in ("kestrel", "heron", "outside.example", "city.example"):
        assert word not in str(asked.result)


@db
def test_a_replay_that_was_stopped_goes_no_further(city: Town, installed: Path) -> None:
    now = epoch_ms(city.now)
    keep(installed, [letter(now - DAY + n, {"files.active": True}, "fire") for n in range(3)])
    row = replays.order(approved(city, now), "", now - 7 * DAY, now - DAY // 2, actor=author(), now=now)
    replays.stop(row, actor=author(), now=now)
    made(installed, now)
    row.refresh_from_db()
    assert (row.state, row.done) == ("stopped", 0)
    with pytest.raises(Conflict):
        replays.stop(row, actor=author(), now=now)


@db
def test_hits_are_counted_once_and_what_people_let_go_is_told(city: Town, installed: Path) -> None:
    """P-29: copies by rule and day; a forecast, or a part that was away, is no hit of a rule."""
    now = epoch_ms(city.now)
    approved(city, now)
    kept = letter(now - DAY, {"files.active": True}, "fire", "clerk", do="quarantine", rules=("no-iso", "shadow:other"))
    quiet = letter(
        now - DAY + 5, {}, "fire", rules=("deliver", "forecast:quarantine:no-iso", "unavailable:clamav", "notify:no-iso")
    )
    keep(installed, [kept, quiet], [released(kept, now, "p-office", 1), released(quiet, now, "returning", 0)])
    for _ in range(2):
        JournalReader(installed, tasks.Counting(installed), lambda: now).all()
    found = {(h.rule, h.how): (h.copies, h.overridden) for h in Hits.objects.order_by("day", "pk")}
    total = {how: sum(h.copies for h in Hits.objects.filter(how=how)) for how in ("enforce", "notify", "shadow")}
    assert total == {"enforce": 2, "notify": 1, "shadow": 0}, found
    assert sum(h.overridden for h in Hits.objects.all()) == 1
    assert Replay.objects.count() == 0
