"""A disposal from its proposal to its certificate: two persons, a notice period, and a worker that checks once more (P-23)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.test import Client

from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Entry
from civicmail.city.notices.models import Notice
from civicmail.core.config.settings import Archive
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.desk.retention.actions import disposals
from civicmail.desk.retention.disposal_states import DISPOSALS
from civicmail.desk.retention.disposing import RETRY_MS, Disposing
from civicmail.desk.retention.models import Disposal
from civicmail.desk.viewer.queries import installation
from civicmail.front.worker import disposal as whole_program
from civicmail.mail.archive import classes, holds, inventory, manifests, outstanding_file
from civicmail.mail.archive.manifests import Part
from civicmail.mail.archive.store import Store
from mail.archive import making
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
WHY = "Common Council, file 260017: yearly disposal."
DAY = 86_400_000
ONE, TWO = Part(most=1), Part(most=2)
SERIES = """
[[schedule]]
class = "{0}"
id = "S-{0}"
title = "{0}"
days = 1
approval = "council 1"
board = "PRB 1"
approved = 2026-01-01
expires = 2035-12-31
historical = "waived"
"""
SCHEDULES = "".join(SERIES.format(name) for name in ("mail", "quarantine", "refused"))


def archive() -> Archive:
    """The town has few messages, of which a share would be one."""
    return replace(settings.CITY.archive, disposal_share_most=90)


class Desk:
    """The town with schedules by which all of its mail is due soon, nothing held, everything sealed; and the worker."""

    def __init__(self, town: Town, visit: Visit) -> None:
        self.town, self.visit, self.data = town, visit, installation()
        self.now = epoch_ms(town.now) + 3 * DAY
        Disposal.objects.all().delete()
        for hold in holds.load(self.data):
            holds.end(self.data, hold.id, actor="x", reason="for the test", now=epoch_ms(town.now), with_work=True)
        classes.adopt(self.data, SCHEDULES, actor="x", reason=WHY, now=epoch_ms(town.now))
        self.seal()
        self.worker = Disposing(self.data, archive(), whole_program.dispose, lambda: self.now)

    def seal(self) -> None:
        with Sequencer(self.data) as ledger:
            ledger.integrate(self.now)
        outstanding_file.advance(self.data, self.now)
        making.seal(self.data)

    def propose(self, part: Part = TWO) -> Disposal:
        sent = {"kind": part.class_, "year": part.year, "most": part.most, "reason": WHY}
        done = self.visit("retention").post("/retention/disposals/propose/", sent)
        assert done.status_code == 302, text(done)
        row = Disposal.objects.latest("pk")
        self.worker.step()
        row.refresh_from_db()
        return row

    def approve(self, row: Disposal, who: str = "recorder", **changes: str) -> Any:
        sent = {"manifest": row.manifest, "state": row.state, "reason": WHY} | changes
        return self.visit(who).post(f"/retention/disposals/{row.pk}/approve/", sent)

    def approved(self, part: Part = TWO) -> Disposal:
        row = self.propose(part)
        assert row.state == "proposed", row.why
        assert self.approve(row).status_code == 302
        row.refresh_from_db()
        return row

    def after_notice(self) -> None:
        self.now += (settings.CITY.archive.disposal_notice_days + 1) * DAY

    def ids(self) -> set[str]:
        return {place.id.hex() for place in Store(self.data).captures()}

    def listed(self, row: Disposal) -> set[str]:
        return {line.id.replace("-", "") for line in manifests.lines(self.data, manifests.read(self.data, row.manifest))}


@pytest.fixture
def desk(city: Town, visit: Visit) -> Desk:
    return Desk(city, visit)


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def acts(row: Disposal) -> list[str]:
    return list(Entry.objects.filter(object=f"disposal:{row.pk}").order_by("pk").values_list("act", flat=True))


@pytest.mark.rule(
    "P-23, promise 3", "A disposal is proposed, approved by a second person, and carried out after the notice period."
)
def test_from_the_proposal_to_the_certificate(desk: Desk) -> None:
    row = desk.approved()
    page = text(desk.visit("auditor").get(f"/retention/disposals/{row.pk}/"))
    assert "Scheduled" in page and row.manifest in page and WHY in page
    going, before = desk.listed(row), desk.ids()
    assert desk.worker.step() == 0  # the notice period is not over
    assert desk.ids() == before
    desk.after_notice()
    assert desk.worker.step() == 1
    row.refresh_from_db()
    assert (row.state, row.gone, row.stayed) == ("disposed", 2, {})
    assert desk.ids() == before - going
    [facts] = inventory.certified(desk.data, row.manifest)
    assert row.certificates == [facts["certificate"]]
    assert (facts["proposer"], facts["approver"]) == ("p-retention", "p-recorder")
    client = desk.visit("auditor")
    assert "Disposed of" in text(client.get(f"/retention/disposals/{row.pk}/"))
    file = client.get(f"/retention/disposals/{row.pk}/certificates/{facts['certificate']}.json")
    assert orjson.loads(file.content)["manifest"] == row.manifest
    assert client.get(f"/retention/disposals/{row.pk}/certificates/none.json").status_code == 404
    rows = b"".join(client.get(f"/retention/disposals/{row.pk}/list.csv").streaming_content).decode().splitlines()
    assert len(rows) == 3 and rows[0].startswith("id,class")
    names = ["proposed", "listed", "approved", "begun", "done"]
    assert acts(row) == [f"disposal.{name}" for name in names]
    assert Notice.objects.filter(key__startswith="disposal-").count() == 6  # two approvers; both of the decision; both of the end
    assert desk.worker.step() == 0


@pytest.mark.rule("P-23, promise 3", "A hold that is placed during a disposal keeps what it covers.")
def test_a_hold_placed_after_the_approval_keeps_what_it_covers(desk: Desk) -> None:
    row = desk.approved()
    going = desk.listed(row)
    held = sorted(going)[0]
    desk.after_notice()
    holds.place(desk.data, ground="litigation", scope=f"id:{held}", actor="x", reason=WHY, now=desk.now)
    assert desk.worker.step() == 1
    row.refresh_from_db()
    assert (row.state, row.gone, row.stayed) == ("disposed", 1, {"held": 1})
    assert desk.ids() & going == {held}


def test_a_hold_placed_at_the_moment_of_the_swap_makes_the_worker_try_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    row = desk.approved()
    going = desk.listed(row)
    desk.after_notice()
    honest = desk.worker._dispose

    def interrupted(data: Path, **facts: Any) -> Any:
        from civicmail.mail.archive import rules

        take = rules.take

        def place(data: Path) -> Any:
            monkeypatch.setattr(rules, "take", take)
            holds.place(data, ground="audit", scope=f"id:{sorted(going)[0]}", actor="x", reason=WHY, now=desk.now)
            return take(data)

        monkeypatch.setattr(rules, "take", place)
        return honest(data, **facts)

    monkeypatch.setattr(desk.worker, "_dispose", interrupted)
    assert desk.worker.step() == 0
    row.refresh_from_db()
    assert row.state == "disposing" and going <= desk.ids()
    monkeypatch.setattr(desk.worker, "_dispose", honest)
    assert desk.worker.step() == 0  # not at once
    desk.now += RETRY_MS
    assert desk.worker.step() == 1
    row.refresh_from_db()
    assert (row.state, row.gone, row.stayed) == ("disposed", 1, {"held": 1})


@pytest.mark.rule("P-23, promise 3", "An expired schedule disposes of nothing, also after an approval.")
def test_an_expired_schedule_stops_the_disposal(desk: Desk) -> None:
    row = desk.approved()
    before = desk.ids()
    desk.now += 3660 * DAY
    assert desk.worker.step() == 1
    row.refresh_from_db()
    assert (row.state, row.stayed) == ("stopped", {"expired": 2})
    assert "Nothing was disposed of: 2 expired." in text(desk.visit("retention").get(f"/retention/disposals/{row.pk}/"))
    assert desk.ids() == before
    assert acts(row)[-1] == "disposal.stopped"


def test_changed_schedules_and_a_changed_manifest_stop_it(desk: Desk) -> None:
    row = desk.approved()
    path = manifests.path_of(desk.data, row.manifest)
    content = path.read_bytes()
    desk.after_notice()
    before = desk.ids()
    path.write_bytes(content.replace(b'"due":1', b'"due":2', 1))
    assert desk.worker.step() == 1
    row.refresh_from_db()
    assert row.state == "stopped" and "not what was written" in row.why
    assert "cannot be shown" in text(desk.visit("retention").get(f"/retention/disposals/{row.pk}/"))
    assert desk.visit("auditor").get(f"/retention/disposals/{row.pk}/list.csv").status_code == 404
    path.write_bytes(content)
    other = desk.approved()
    classes.adopt(desk.data, SCHEDULES.replace("council 1", "council 2"), actor="x", reason=WHY, now=desk.now)
    desk.after_notice()
    assert desk.worker.step() == 1
    other.refresh_from_db()
    assert (other.state, other.stayed) == ("stopped", {"changed": 2})
    assert desk.ids() == before


@pytest.mark.rule("P-23, promise 3", "A proposal that would dispose of too much stops before anybody can approve it.")
def test_a_schedule_that_would_dispose_of_everything_is_stopped(desk: Desk) -> None:
    city, desk.worker = desk.worker, Disposing(desk.data, settings.CITY.archive, whole_program.dispose, lambda: desk.now)
    row = desk.propose(Part())
    desk.worker = city
    assert row.state == "stopped" and "archive.disposal_share_most" in row.why
    assert DISPOSALS.actions(row.state) == ()
    assert "propose a part" in text(desk.visit("retention").get(f"/retention/disposals/{row.pk}/"))
    first, second = desk.propose(), desk.propose()
    assert not desk.listed(first) & desk.listed(second)
    nothing = desk.propose(Part("mail", 1999))
    assert nothing.state == "stopped" and "nothing is due" in nothing.why


@pytest.mark.rule("P-23, promise 3", "Whoever proposes a disposal does not approve it, nor does anybody without the permission.")
def test_who_may_do_what(desk: Desk) -> None:
    row = desk.propose()
    for who in ("retention", "auditor", "head", "operator"):
        assert desk.approve(row, who).status_code in (403, 404), who
        answer = {"state": row.state, "reason": WHY}
        assert desk.visit(who).post(f"/retention/disposals/{row.pk}/refuse/", answer).status_code in (403, 404), who
    for who in ("recorder", "auditor", "head"):
        sent = {"kind": "", "year": 0, "most": 1, "reason": WHY}
        assert desk.visit(who).post("/retention/disposals/propose/", sent).status_code in (403, 404), who
    assert Disposal.objects.count() == 1
    row.by = Person.objects.get(uid="p-recorder")
    row.save()
    assert desk.approve(row).status_code == 403
    with pytest.raises(IntegrityError), transaction.atomic():
        Disposal.objects.filter(pk=row.pk).update(decided_by=row.by)
    with pytest.raises(IntegrityError), transaction.atomic():
        Disposal.objects.filter(pk=row.pk).update(state="approved")


@pytest.mark.rule("P-23", "A disposal that waits is a task on the Home page of its approvers, and of nobody else.")
def test_home_tells_approvers_of_what_waits(desk: Desk) -> None:
    """With its number, and with a link to exactly those."""
    client = desk.visit("recorder")
    first, second = desk.propose(ONE), desk.propose(ONE)
    tasks = {each.task.label: each.task for each in client.get("/").context["tasks"]}
    task = tasks["Decide 2 disposals"]
    listed = text(client.get(task.url))
    assert task.url.endswith("state=proposed") and "2 disposals" in listed
    assert all(f"/retention/disposals/{row.pk}/" in client.get(task.url).content.decode() for row in (first, second))
    for who in ("retention", "auditor", "head"):
        assert "Decide 2 disposals" not in text(desk.visit(who).get("/")), who
    desk.approve(first)
    assert "Decide 1 disposal" in text(client.get("/"))
    desk.approve(second)
    assert not any("disposal" in each.task.label for each in client.get("/").context["tasks"])


def test_an_approval_is_about_the_list_that_was_seen(desk: Desk) -> None:
    row = desk.propose()
    other = desk.approve(row, manifest="0" * 64)
    assert other.status_code == 409 and "not the list that you saw" in text(other)
    assert desk.approve(row, state="listing").status_code == 409
    row.refresh_from_db()
    assert row.state == "proposed"


def test_it_can_be_refused_and_withdrawn_until_it_begins(desk: Desk) -> None:
    answer = {"reason": WHY}
    first, second, third = desk.approved(ONE), desk.propose(ONE), desk.approved(ONE)
    done = desk.visit("recorder").post(f"/retention/disposals/{first.pk}/refuse/", {**answer, "state": "approved"})
    assert done.status_code == 302
    done = desk.visit("retention").post(f"/retention/disposals/{second.pk}/withdraw/", {**answer, "state": "proposed"})
    assert done.status_code == 302
    desk.after_notice()
    desk.worker.step()
    for row, state in ((first, "refused"), (second, "withdrawn"), (third, "disposed")):
        row.refresh_from_db()
        assert row.state == state
        page = text(desk.visit("recorder").get(f"/retention/disposals/{row.pk}/"))
        assert page.count(WHY) >= 2 or state == "disposed"
    assert (
        desk.visit("recorder").post(f"/retention/disposals/{third.pk}/refuse/", {**answer, "state": "disposed"}).status_code == 409
    )
    assert "3 disposals" in text(desk.visit("auditor").get("/retention/disposals/"))


@pytest.mark.rule("P-23, promise 3", "A disposal that was interrupted goes on, and has one certificate for each capture.")
def test_a_worker_that_died_is_followed_by_another(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    row = desk.approved()
    desk.after_notice()

    def died(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(disposals, "finish", died)
    with pytest.raises(KeyboardInterrupt):
        desk.worker.step()
    monkeypatch.undo()
    row.refresh_from_db()
    assert row.state == "disposing"
    again = Disposing(desk.data, archive(), whole_program.dispose, lambda: desk.now)
    with Lease.take(lease_path(desk.data, "seal")):
        monkeypatch.setattr(again, "_dispose", lambda *_, **__: (_ for _ in ()).throw(LeaseHeld("seal")))
        assert again.step() == 0
    monkeypatch.undo()
    desk.now += RETRY_MS
    again = Disposing(desk.data, archive(), whole_program.dispose, lambda: desk.now)
    assert again.step() == 1
    row.refresh_from_db()
    assert (row.state, row.gone) == ("disposed", 2)
    assert len(inventory.certified(desk.data, row.manifest)) == 1
    assert acts(row).count("disposal.begun") == 1
