"""Nothing leaves before its time, nothing under hold leaves at all, and every disposal has a certificate (promise 3, P-23)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from importlib import resources
from pathlib import Path

import orjson
import pytest

from civicmail.city.guard.four_eyes import AccountOpening, Facts
from civicmail.city.policy.dispositions import Disposition
from civicmail.core.disk import lease
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.ledger.proof import prove
from civicmail.core.ledger.verify import verify
from civicmail.core.message.model import Envelope, Recipient
from civicmail.core.query.errors import QueryError
from civicmail.core.query.tree import Or
from civicmail.mail.archive import certificates, classes, dispose, holds, keyring, rules
from civicmail.mail.archive.dispose import Outcome
from civicmail.mail.archive.errors import MissingReason, NotDisposed, NotInArchive, RulesChanged, UnknownHold
from civicmail.mail.archive.keyring import Keyring
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.archive.store import Store
from civicmail.mail.archive.verify import Check
from core.ledger.town import leaf_of
from mail.archive.keeping import LATER, SCHEDULES, YEAR, adopt, claim, dispose_of_all, ids, integrate, names, remains, seal, see
from mail.archive.making import NOW, UNSYNCED, capture, contents, delivered, permit, writer


def town(data: Path, bodies: list[bytes], **changes: str) -> list[Capture]:
    """A claimed installation with schedules and these messages, delivered, integrated and sealed."""
    keyring.create(data, files=UNSYNCED)
    adopt(data)
    w = writer(data)
    made = [capture(body, received=NOW + n, **changes) for n, body in enumerate(bodies)]
    for c, body in zip(made, bodies, strict=True):
        w.receipt(c, body)
        w.event(delivered(c))
    w.flush()
    w.close()
    integrate(data, signed=True)
    seal(data)
    claim(data)
    return made


TWO = Facts(frozenset({"Ana", "Ben", "a", "b"}))


def go(data: Path, at: int = LATER, eyes: Facts = TWO, **changes: str) -> Outcome:
    people = {"proposer": "Ana", "approver": "Ben", "reason": "yearly"} | changes
    return dispose_of_all(data, at, **people, eyes=eyes)


def starter() -> str:
    """The schedules of the sample city."""
    return resources.files("civicmail.city.law").joinpath("schedules.toml").read_text(encoding="utf-8")


def hold(data: Path, scope: str, at: int = NOW, ground: str = "litigation") -> str:
    return holds.place(data, ground=ground, scope=scope, actor="attorney", reason="suit", now=at, files=UNSYNCED)


def problems(data: Path) -> list[str]:
    check = Check(data, deep=True)
    found = [p.text for p in verify(data, check.heads()).problems]
    return found + [p.sentence for p in check.problems]


@pytest.mark.rule("P-23, promise 3", "Disposal removes the key of the segment, so that no copy of it is readable.")
def test_what_is_due_goes_and_nothing_of_it_can_be_read_anywhere(tmp_path: Path) -> None:
    """The ledger still proves that it was there, and whoever survives is as it was."""
    gone, kept = town(tmp_path, [b"a secret of the past", b"a thing of the present"])
    hold(tmp_path, "present")
    before = contents(tmp_path)
    proof = prove(tmp_path, "0001", 4, before[kept.uuid][0])
    leaf = leaf_of(tmp_path / "ledger", "0001", 2)
    old = names(tmp_path)
    outcome = go(tmp_path)
    assert (outcome.gone, outcome.kept) == (1, {"held": 1})
    assert ids(tmp_path) == {kept.id}
    after = contents(tmp_path)
    assert after == {kept.uuid: before[kept.uuid]}
    assert prove(tmp_path, "0001", 4, after[kept.uuid][0]) == proof
    everything = remains(tmp_path)
    for trace in (b"secret of the past", gone.sha256, gone.sha256.hex().encode(), gone.id):
        assert trace not in everything
    assert b"thing of the present" in everything
    [facts] = certificates.every(Store(tmp_path))
    assert [item["id"] for item in facts["items"]] == [gone.uuid]
    assert bytes.fromhex(facts["items"][0]["leaf"]) == leaf == leaf_of(tmp_path / "ledger", "0001", 2)
    assert not Keyring(tmp_path).names() & set(facts["segments"])
    assert set(names(tmp_path)) & set(old) == {n for n in old if n[0] == "ledger"}
    assert problems(tmp_path) == []
    integrate(tmp_path)
    seal(tmp_path)
    assert problems(tmp_path) == []


def test_a_certificate_says_what_by_which_rule_and_on_whose_word(tmp_path: Path) -> None:
    [made] = town(tmp_path, [b"x"])
    scope = hold(tmp_path, "elsewhere")
    [name] = go(tmp_path).certificates
    [facts] = certificates.every(Store(tmp_path))
    assert (facts["certificate"], facts["proposer"], facts["approver"], facts["reason"]) == (name, "Ana", "Ben", "yearly")
    assert (facts["at"], facts["holds"]) == (LATER, [scope])
    assert facts["series"] == [{"class": "mail", "id": "S-1", "approval": "council 1", "board": "", "expires": "2035-12-31"}]
    assert facts["records"] == {"0001": [[2, 3]]} or sum(b - a + 1 for runs in facts["records"].values() for a, b in runs) == 2
    assert facts["items"][0]["size"] == made.size
    assert b"@" not in orjson.dumps(facts)  # no envelope


def test_what_was_refused_at_the_door_is_a_sample_for_some_days_whomever_it_was_for(tmp_path: Path) -> None:
    """Seven days, also for the mail of officials; what was delivered to them stays as long as it did."""
    keyring.create(tmp_path, files=UNSYNCED)
    adopt(tmp_path, starter())
    w = writer(tmp_path)
    to = Envelope("eve@out.example", (Recipient("mayor@city.example"),), NOW)
    no = (Disposition(0, "refuse", ("own-domain",)),)
    refused = replace(capture(b"buy now", class_="refused"), envelope=to, dispositions=no)
    taken = replace(capture(b"a petition", received=NOW + 1), envelope=replace(to, received=NOW + 1))
    for c, body in ((refused, b"buy now"), (taken, b"a petition")):
        w.receipt(c, body)
    w.event(delivered(taken))
    w.flush()
    w.close()
    integrate(tmp_path, signed=True)
    seal(tmp_path)
    claim(tmp_path)
    day = 86_400_000
    assert go(tmp_path, NOW + 7 * day - 1).gone == 0
    assert go(tmp_path, NOW + 7 * day + 1).gone == 1
    assert ids(tmp_path) == {taken.id}


@pytest.mark.rule("P-23, promise 3", "A capture under a hold is never disposed of, whatever its age.")
def test_a_hold_is_respected_whatever_the_age(tmp_path: Path) -> None:
    """Asked of the kept bytes, also about what came after the hold was placed."""
    hold(tmp_path, "bridge", NOW - YEAR)
    held, _ = town(tmp_path, [b"about the bridge", b"about the lake"])
    assert go(tmp_path, NOW + 9 * YEAR).kept == {"held": 1}
    assert ids(tmp_path) == {held.id}


def test_the_end_of_a_hold_lets_the_schedule_decide_again(tmp_path: Path) -> None:
    town(tmp_path, [b"about the bridge"])
    name = hold(tmp_path, "bridge")
    assert go(tmp_path).kept == {"held": 1}
    holds.end(tmp_path, name, actor="attorney", reason="settled", now=LATER, files=UNSYNCED)
    assert holds.in_force(Store(tmp_path)) == []
    assert go(tmp_path).gone == 1
    with pytest.raises(UnknownHold):
        holds.end(tmp_path, name, actor="attorney", reason="again", now=LATER, files=UNSYNCED)


def test_holds_are_read_from_segments_as_from_journals(tmp_path: Path) -> None:
    town(tmp_path, [b"about the bridge"])
    first, second = hold(tmp_path, "bridge"), hold(tmp_path, "lake", NOW + 1)
    integrate(tmp_path)
    seal(tmp_path)
    assert [h.id for h in holds.in_force(Store(tmp_path))] == [first, second]
    assert go(tmp_path).kept == {"held": 1}


@pytest.mark.parametrize(("scope", "kept"), [("bridge", 1), ("-bridge", 1), ("larger:1M", 0), ("rcpt:nobody@else.example", 0)])
def test_where_it_cannot_be_told_whether_a_hold_covers_it_does(tmp_path: Path, scope: str, kept: int) -> None:
    town(tmp_path, [b"a part that we cannot read"])
    hold(tmp_path, scope)
    assert go(tmp_path).kept.get("held", 0) == kept


@pytest.mark.rule("P-23, promise 3", "A hold, class or schedule that is added during a rewrite stops the swap.")
@pytest.mark.parametrize("kind", ["hold", "class", "schedule", "event"])
def test_a_hold_that_is_placed_meanwhile_aborts_the_swap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Everything is as it was, and the next disposal respects it."""
    [made] = town(tmp_path, [b"about the bridge"])
    before, honest = contents(tmp_path), rules.take

    def place(data: Path) -> AbstractContextManager[object]:
        monkeypatch.setattr(rules, "take", honest)
        if kind == "hold":
            hold(data, "bridge")
        elif kind == "class":
            classes.promote(data, made.id, "hr", actor="clerk", reason="case", now=LATER, files=UNSYNCED)
        elif kind == "schedule":
            adopt(data, SCHEDULES.replace("2035-12-31", "2030-01-01"), LATER)
        else:
            w = writer(data)
            w.event(Event(Type.HELD, made.id, LATER, (0,), {"reason": "looked at", "actor": "x"}))
            w.flush()
            w.close()
        return honest(data)

    monkeypatch.setattr(rules, "take", place)
    with pytest.raises(RulesChanged):
        go(tmp_path)
    after = contents(tmp_path)
    assert {id_: kept[:2] for id_, kept in after.items()} == {id_: kept[:2] for id_, kept in before.items()}
    assert problems(tmp_path) == []
    assert certificates.every(Store(tmp_path)) == []
    assert go(tmp_path).gone == 0


def test_nobody_places_a_hold_at_the_moment_of_the_swap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    town(tmp_path, [b"x"])
    monkeypatch.setattr(lease, "MOMENT_SECONDS", 0.1)
    with rules.take(tmp_path):
        with pytest.raises(LeaseHeld):
            hold(tmp_path, "x")
        with pytest.raises(LeaseHeld):
            go(tmp_path)
    assert len(ids(tmp_path)) == 1
    assert go(tmp_path).gone == 1


def test_an_expired_schedule_and_none_at_all_dispose_of_nothing(tmp_path: Path) -> None:

    town(tmp_path, [b"x"])
    assert go(tmp_path, NOW + 10 * YEAR).kept == {"expired": 1}
    bare = tmp_path / "bare"
    keyring.create(bare, files=UNSYNCED)
    claim(bare)
    with pytest.raises(NotDisposed, match="No schedules"):
        go(bare)
    with pytest.raises(NotDisposed, match="No schedules"):
        dispose.simulate(bare, now=LATER, view=see)


def test_before_its_time_nothing_goes(tmp_path: Path) -> None:
    town(tmp_path, [b"x"])
    assert go(tmp_path, NOW + 6 * YEAR).kept == {"not yet": 1}


def test_the_longest_class_over_the_people_and_over_what_was_raised_decides(tmp_path: Path) -> None:
    *_, raised, strange = town(tmp_path, [b"1", b"2", b"3", b"4"])
    w = writer(tmp_path)
    chief = capture(b"5", received=NOW + 9, sender="Chief@City.example")
    other = capture(b"6", received=NOW + 10, class_="unheard-of")
    for c, body in ((chief, b"5"), (other, b"6")):
        w.receipt(c, body)
        w.event(delivered(c))
    w.flush()
    w.close()
    integrate(tmp_path)
    classes.promote(tmp_path, raised.id, "hr", actor="clerk", reason="a case", now=NOW, files=UNSYNCED)
    with pytest.raises(NotDisposed, match="knows the class"):
        classes.promote(tmp_path, strange.id, "nothing", actor="clerk", reason="r", now=NOW)
    with pytest.raises(NotInArchive):
        classes.promote(tmp_path, bytes(16), "hr", actor="clerk", reason="r", now=NOW)
    seal(tmp_path)
    outcome = go(tmp_path)
    assert ids(tmp_path) == {raised.id, chief.id, other.id}
    assert (outcome.gone, outcome.kept) == (3, {"not yet": 2, "no schedule": 1})


@pytest.mark.rule("P-23, promise 3", "The proposer of a disposal does not approve it.")
def test_two_persons_a_reason_and_a_claimed_installation(tmp_path: Path) -> None:

    town(tmp_path, [b"x"])
    with pytest.raises(NotDisposed, match="two persons"):
        go(tmp_path, approver=" ana")
    opened = AccountOpening("Ben", frozenset({"Ana"}), "recovered", LATER - 1)
    one, tied = Facts(frozenset({"Ana"})), Facts(frozenset({"Ana", "Ben"}), (opened,))
    for eyes, why in ((one, "cannot be told"), (tied, "opened your sign-in")):
        with pytest.raises(NotDisposed, match=why):
            go(tmp_path, eyes=eyes)
    for missing in ("proposer", "approver", "reason"):
        with pytest.raises(MissingReason):
            go(tmp_path, **{missing: " "})
    (tmp_path / "claimed").unlink()
    with pytest.raises(NotDisposed, match="only simulates"):
        go(tmp_path)
    assert dispose.simulate(tmp_path, now=LATER, view=see).gone == 1
    assert len(ids(tmp_path)) == 1


def test_what_is_not_sealed_or_has_recipients_who_wait_stays(tmp_path: Path) -> None:
    town(tmp_path, [b"x"])
    w = writer(tmp_path)
    waiting, fresh = capture(b"waiting", received=NOW + 5), capture(b"fresh", received=NOW + 6)
    w.receipt(waiting, b"waiting")
    w.flush()
    w.journal.rotate()
    integrate(tmp_path)
    seal(tmp_path)
    w.receipt(fresh, b"fresh")
    w.flush()
    outcome = go(tmp_path)
    w.close()
    assert outcome.kept == {"outstanding": 1}
    assert ids(tmp_path) == {waiting.id, fresh.id}


def test_acts_say_who_and_why_and_a_hold_has_a_ground_and_a_query(tmp_path: Path) -> None:
    keyring.create(tmp_path, files=UNSYNCED)
    with pytest.raises(MissingReason, match="reason"):
        holds.place(tmp_path, ground="audit", scope="x", actor="a", reason=" ", now=NOW)
    with pytest.raises(MissingReason, match="actor"):
        holds.place(tmp_path, ground="audit", scope="x", actor="", reason="r", now=NOW)
    with pytest.raises(MissingReason, match="ground"):
        hold(tmp_path, "x", ground="because")
    with pytest.raises(QueryError):
        hold(tmp_path, "nothing:x")


def test_events_that_were_sealed_apart_go_too(tmp_path: Path) -> None:
    [made] = town(tmp_path, [b"x"])
    w = writer(tmp_path)
    w.event(Event(Type.DELIVERED, made.id, NOW + 9, (0,), {"hop": "a hop to forget", "reply": "ok"}))
    w.flush()
    w.close()
    integrate(tmp_path)
    seal(tmp_path)
    assert b"a hop to forget" in remains(tmp_path)
    assert go(tmp_path).gone == 1
    assert b"a hop to forget" not in remains(tmp_path)
    assert problems(tmp_path) == []


def test_a_reader_who_looked_before_finds_nothing_after_not_even_in_memory(tmp_path: Path) -> None:
    [made] = town(tmp_path, [b"x"])
    archive = Archive(tmp_path)
    [place] = archive.captures()
    (tmp_path / "claimed").unlink()
    before = permit(tmp_path)
    claim(tmp_path)
    assert archive.body(before, place) == b"x"
    go(tmp_path)
    with pytest.raises(NotInArchive):
        archive.body(before, place)
    with pytest.raises(NotInArchive):
        archive.head(before, place)
    assert archive.place(made.id) is None


def test_in_portions_each_with_its_certificate(tmp_path: Path) -> None:
    town(tmp_path, [b"%d" % n for n in range(7)])
    outcome = dispose_of_all(tmp_path, LATER, portion=3)
    assert (outcome.gone, len(outcome.certificates)) == (7, 3)
    assert [len(c["items"]) for c in certificates.every(Store(tmp_path))] == [3, 3, 1]
    assert problems(tmp_path) == []
    assert not [n for n in names(tmp_path) if n[0] != "ledger"]
    assert list((tmp_path / "catalogue").glob("2026-03/*")) == list((tmp_path / "catalogue").glob("2026-03/*.run"))


def test_what_no_certificate_names_is_still_missed(tmp_path: Path) -> None:
    """Promise 2: a segment that somebody removes is dropped, also where a certificate about something else is."""
    town(tmp_path, [b"x"])
    go(tmp_path)
    w = writer(tmp_path)
    other = capture(b"y", received=NOW + 50)
    w.receipt(other, b"y")
    w.flush()
    w.close()
    integrate(tmp_path)
    seal(tmp_path)
    assert problems(tmp_path) == []
    for class_, month, name in names(tmp_path):
        if class_ == "mail":
            (tmp_path / "segments" / class_ / month / f"{name}.seg").unlink()
    check = Check(tmp_path)
    assert {p.code for p in verify(tmp_path, check.heads()).problems} == {"dropped"}
    assert {p.code for p in check.problems} == {"segment-missing", "number-missing"}


def test_disposal_and_sealing_exclude_each_other(tmp_path: Path) -> None:
    town(tmp_path, [b"x"])
    with Sealer(tmp_path, UNSYNCED), pytest.raises(LeaseHeld):
        go(tmp_path)


@pytest.mark.rule("P-23", "A hold of before a limit covers what it covered, and none is placed on a part of its words.")
def test_a_hold_of_before_the_limits_covers_what_it_covered_and_a_new_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No hold becomes narrower because a query may ask for less now, and no new one covers a part of its words."""
    scope = " OR ".join(f"w{n}*" for n in range(1_000))
    with monkeypatch.context() as before:
        before.setattr("civicmail.core.query.limits.STARS_MOST", 1_000)
        before.setattr("civicmail.core.query.limits.WORDS_MOST", 1_000)
        name = hold(tmp_path, scope)
    (there,) = holds.in_force(Store(tmp_path))
    assert there.id == name
    assert isinstance(there.tree, Or)
    assert len(there.tree.parts) == 1_000
    with pytest.raises(QueryError, match="may have 20 words with a"):
        hold(tmp_path, scope)
    assert len(holds.in_force(Store(tmp_path))) == 1
