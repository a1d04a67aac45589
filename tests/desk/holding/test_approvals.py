"""Files leave with the approval of the department's manager, for exactly these recipients, and never else (P-22)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client

from civicmail.city.conduct.queries import tasks
from civicmail.city.directory.models import Department, Episode
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.identity.models import Tally
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.notices.models import Notice
from civicmail.desk.holding import approvers
from civicmail.desk.holding import tasks as approvals
from civicmail.desk.holding.actions import approval_decisions, approval_execution, approval_requests
from civicmail.desk.holding.actions.approval_requests import ESCALATE_AFTER
from civicmail.desk.holding.approval_states import STEPS, TABLE
from civicmail.desk.holding.models import Approval
from civicmail.mail.archive import holds
from civicmail.mail.archive.store import Store
from desk.holding.leaving import ACME, DOT, LENA, OWL, PDF, Bureau, bureau, switch_on
from desk.holding.test_quarantine import words
from desk.mailbox.conftest import city as city
from desk.mailbox.conftest import visit as visit
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
MONDAY = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)  # before noon in the city
HOUR = 3_600_000
WHY = "The bid is public from today on."


STOP = """
[[rule]]
id = "no-acme"
clause = "P-22"
owner = "Clerk"
why = "The contract with them is disputed, and a court has asked."
expires = 2199-12-31
severity = "high"
mode = "enforce"
do = "hold"
when = 'recipient.domain == "acme.example"'
reader = "It waits."
ask = "the clerk"
[[rule.example]]
facts = { recipient.domain = "acme.example" }
fits = true
[[rule.example]]
facts = { outbound = true }
fits = false
"""


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def files(clock: Any, installed: Path, city: Town, settings: Any) -> Iterator[Bureau]:
    with bureau(installed, city) as made:
        yield made


def actor(files: Bureau, key: str) -> Any:
    return actor_of(files.town.people[key].account, "", files.desk.now)


def answer(files: Bureau, row: Approval, key: str, what: str = "approve", to: tuple[int, ...] = (), reason: str = WHY) -> Any:
    indices = to or tuple(row.copies.filter(state="waits").values_list("index", flat=True))
    return approval_decisions.decide(row, indices, what, actor=actor(files, key), reason=reason, now=files.desk.now)


def states(row: Approval) -> dict[str, str]:
    return dict(row.copies.values_list("address", "state"))


@pytest.mark.rule(
    "P-22",
    "Colleagues have the message at once, each outside recipient when it was approved for them, and who was not approved "
    "gets nothing.",
)
def test_colleagues_have_it_now_and_outsiders_when_it_is_approved_each_for_themselves(files: Bureau) -> None:
    """One of three by the manager, two by the deputy; who was not approved gets nothing."""
    row = files.asked("crew0", LENA, ACME, DOT, OWL)
    assert files.copies(row) == {LENA: "goes", ACME: "held", DOT: "held", OWL: "held"}
    answer(files, row, "head", to=(1,))
    assert files.copies(row) == {LENA: "goes", ACME: "goes", DOT: "held", OWL: "held"}
    answer(files, row, "deputy", to=(2, 3))
    assert set(files.copies(row).values()) == {"goes"}
    assert {c.address: c.by.uid for c in row.copies.all()} == {ACME: "p-head", DOT: "p-deputy", OWL: "p-deputy"}
    assert Entry.objects.filter(act="approval.approve", object=f"approval:{row.pk}").count() == 2


@pytest.mark.rule("P-22, P-28", "The attestation shows how managers answered about files, and how long those waited.")
def test_a_department_answers_for_how_it_answered(files: Bureau) -> None:
    """By answer, with the minutes for which the files had waited."""
    first, second = files.asked("crew0", ACME), files.asked("crew0", DOT)
    files.desk.now += 90 * 60_000
    answer(files, first, "head")
    answer(files, second, "head", "refuse")
    found = dict(Tally.objects.filter(department=first.department).values_list("what", "count"))
    assert (found["files-approved"], found["files-refused"]) == (1, 1) and 180 <= found.get("files-minutes", 0) <= 184


@pytest.mark.parametrize(("key", "why"), [("crew0", "send yourself"), ("chief", "Only the head"), ("office", "Only the head")])
def test_nobody_but_the_departments_managers_answers_and_never_the_sender(files: Bureau, key: str, why: str) -> None:
    """P-22."""
    row = files.asked("crew0", ACME)
    with pytest.raises(NotPermitted, match=why):
        answer(files, row, key)
    assert files.copies(row) == {ACME: "held"}


@pytest.mark.rule(
    "P-22",
    "Only the head or a deputy of the sender's department, or one above, answers, and never the sender; no one else sees anything.",
)
def test_a_deputy_does_not_approve_files_that_they_send_themselves(files: Bureau) -> None:
    row = files.asked("deputy", ACME)
    assert not row.own and [p.uid for p in approvers.current_approvers(row, files.desk.now)] == ["p-head"]
    with pytest.raises(NotPermitted, match="send yourself"):
        answer(files, row, "deputy")


@pytest.mark.rule("P-22", "An answer is given once; the second person is told who was first, and no transition leads back.")
def test_an_answer_is_given_once_and_a_second_one_hears_by_whom(files: Bureau) -> None:
    """The link is opened twice."""
    row = files.asked("crew0", ACME)
    answer(files, row, "head", "refuse")
    assert (states(row), files.copies(row)) == ({ACME: "refused"}, {ACME: "cancelled"})
    with pytest.raises(Conflict, match="Rosa Hale"):
        answer(files, row, "deputy", to=(1 - 1,))


def test_no_walk_leaves_the_table() -> None:
    """Nothing leads back to waiting, and nothing out of an answer."""
    for state in {s.target for s in STEPS}:
        assert TABLE.actions(state) == ()
        with pytest.raises(Conflict):
            TABLE.step(state, "approve")


@pytest.mark.rule(
    "P-22",
    "An approval applies to these bytes and this recipient, under any name; a changed file, another recipient or another "
    "sender needs a new one.",
)
def test_the_same_file_goes_again_to_the_same_recipient_whatever_its_name_and_a_changed_one_waits(files: Bureau) -> None:
    """Bound to the bytes and to the recipient."""
    answer(files, files.asked("crew0", ACME), "head")
    assert files.send("crew0", ACME, files={"renamed.pdf": PDF}) is None
    assert files.send("crew0", ACME, files={"bid-14.pdf": PDF + b"changed"}) is not None
    assert states(files.asked("crew0", ACME, DOT)) == {DOT: "waits"}, "a recipient who was added waits"
    assert files.send("crew1", ACME) is not None, "somebody else asks for themselves"


@pytest.mark.rule("P-22, P-25", "An approved copy is decided again: another rule still holds it, and the answer reports that.")
def test_what_another_rule_holds_stays_and_the_answer_says_so(files: Bureau, installed: Path, settings: Any) -> None:
    """An approval opens no other door."""
    from civicmail.city.policy import active_rules
    from civicmail.city.policy.active_rules import STARTER_FOLDER

    book = "\n".join(p.read_text() for p in sorted(STARTER_FOLDER.glob("leaving.toml")))
    row = files.asked("crew0", ACME)
    active_rules.publish(installed, f"{book}\n{STOP}")
    done = answer(files, row, "head")
    assert done and files.copies(row) == {ACME: "held"}
    assert "no-acme" in row.copies.get().kept


@pytest.mark.rule("P-22", "After two working hours without an answer the next approvers take part: head, deputy, next head.")
def test_after_two_working_hours_the_deputy_is_asked_and_then_the_next_head(files: Bureau, city: Town, clock: Any) -> None:
    """By the city's calendar."""
    top = Department.objects.create(code="manager", name="City Manager", head=city.people["chief"])
    Department.objects.filter(code="public-works").update(parent=top)
    row = files.asked("crew0", ACME)

    def turn() -> list[str]:
        row.refresh_from_db()
        return [p.uid for p in approvers.current_approvers(row, files.desk.now)]

    hours = ESCALATE_AFTER.seconds // 3600
    assert turn() == ["p-head"]
    files.hear(hours * HOUR - 1)
    assert turn() == ["p-head"]
    assert approvers.turn_text(row, files.desk.now) == "Rosa Hale, then Kim Boyd, then Ed Marsh"
    files.hear(1)
    assert turn() == ["p-deputy"]
    assert approvers.turn_text(row, files.desk.now) == "Kim Boyd, then Ed Marsh"
    files.hear(hours * HOUR)
    assert turn() == ["p-chief"]
    files.hear(hours * HOUR)
    assert turn() == ["p-chief"], "there is nobody above"
    assert Notice.objects.filter(key__startswith="approval-waits:").count() == 3
    answer(files, row, "chief")
    assert files.copies(row) == {ACME: "goes"}


@pytest.mark.rule("P-22", "Approvers who left or are absent are skipped.")
def test_who_left_or_is_away_is_passed_over(files: Bureau, city: Town) -> None:
    Episode.objects.filter(person=city.people["head"]).update(ended=from_ms(files.desk.now).date())
    row = files.asked("crew0", ACME)
    assert [p.uid for p in approvers.current_approvers(row, files.desk.now)] == ["p-deputy"]


@pytest.mark.rule(
    "P-08, P-22",
    "If an approver leaves, the substitute is notified immediately, and the leaver's link has no effect.",
)
def test_who_was_asked_and_leaves_answers_nothing_and_the_deputy_hears_of_it_at_once(
    files: Bureau, city: Town, visit: Visit
) -> None:
    """The link of whoever left does nothing, and nobody waits for two hours in vain."""
    row, client = files.asked("crew0", ACME), visit("head")
    head, page = city.people["head"], f"/holding/approvals/{row.pk}/"
    Episode.objects.filter(person=head).update(ended=from_ms(files.desk.now).date())
    head.account.is_active = False
    head.account.save()
    assert client.get(page).status_code == 302, "to sign in"
    client.post(page, {"to": ["0"], "answer": "approve"})
    assert (states(row), files.copies(row)) == ({ACME: "waits"}, {ACME: "held"})
    told = Notice.objects.filter(key__startswith="approval-waits:")
    assert [n.to for n in told] == ["rosa.hale@city.example"]
    for _ in range(3):
        files.hear(60_000)
    assert [n.to for n in told.order_by("pk")] == ["rosa.hale@city.example", "kim.boyd@city.example"]


@pytest.mark.rule("P-22", "An unanswered request returns to the sender with an explanation; a changed clock releases nothing.")
def test_what_nobody_answers_goes_back_with_words_also_when_the_clock_jumps(files: Bureau) -> None:
    """The sender hears it, and nothing has left."""
    row = files.asked("crew0", ACME)
    files.hear(100 * 24 * HOUR)
    assert (states(row), files.copies(row)) == ({ACME: "expired"}, {ACME: "cancelled"})
    assert "did not leave the city" in Notice.objects.get(key__startswith=f"approval:{row.pk}:expired").text
    with pytest.raises(Conflict):
        answer(files, row, "head", to=(0,))


def test_a_clock_that_goes_back_passes_nothing_on(files: Bureau) -> None:
    """P-22."""
    row = files.asked("crew0", ACME)
    assert approval_requests.sweep(files.desk.now - 100 * 24 * HOUR) == 0
    assert states(row) == {ACME: "waits"}


@pytest.mark.rule("P-22", "Only the sender sees the state and may withdraw; then no recipient gets it.")
def test_the_sender_withdraws_and_nobody_gets_it(files: Bureau) -> None:
    row = files.asked("crew0", ACME, DOT)
    with pytest.raises(NotPermitted):
        approval_decisions.withdraw(row, (0, 1), actor=actor(files, "crew1"), now=files.desk.now)
    approval_decisions.withdraw(row, (0, 1), actor=actor(files, "crew0"), now=files.desk.now)
    assert files.copies(row) == {ACME: "cancelled", DOT: "cancelled"}


@pytest.mark.rule(
    "P-22",
    "A head decides on own files with a reason; every fifth decision is reviewed by the next head, never by oneself.",
)
def test_a_head_decides_about_own_files_with_a_reason_and_some_are_looked_at_above(files: Bureau, city: Town) -> None:
    top = Department.objects.create(code="manager", name="City Manager", head=city.people["chief"])
    Department.objects.filter(code="public-works").update(parent=top)
    rows = [files.asked("head", ACME, files={"a.pdf": PDF + bytes([n])}) for n in range(12)]
    assert all(row.own for row in rows)
    with pytest.raises(Unusable):
        answer(files, rows[0], "head", reason="")
    for row in rows:
        answer(files, row, "head")
    assert {state for row in rows for state in files.copies(row).values()} == {"goes"}
    sampled = [row for row in rows if row.sampled]
    assert list(approvals.samples_for(actor(files, "chief"))) == sampled
    assert not approvals.samples_for(actor(files, "head")).exists()
    for row in sampled:
        assert approval_decisions.permit_to_view(row, actor=actor(files, "chief"), now=files.desk.now).role == "manager"
        approval_decisions.record_sample_review(row, actor=actor(files, "chief"), reason="I have looked at it.", now=files.desk.now)
    assert not approvals.samples_for(actor(files, "chief")).exists()


@pytest.mark.rule("P-22", "Elected officials are their own managers.")
def test_who_was_elected_is_their_own_manager(files: Bureau, city: Town) -> None:
    Episode.objects.filter(person=city.people["crew0"]).update(kind="elected")
    row = files.asked("crew0", ACME)
    answer(files, row, "crew0")
    assert files.copies(row) == {ACME: "goes"}


@pytest.mark.rule(
    "P-21, P-22",
    "Files that answer a public-records request do not leave: they are put on hold with their thread, and the records "
    "office and the sender are notified.",
)
def test_what_answers_a_request_for_records_stays_on_hold_and_the_office_is_told(files: Bureau, installed: Path) -> None:
    row = files.asked("crew0", ACME)
    answer(files, row, "head", "records", reason="Request PR-14 asks for it.")
    assert (states(row), files.copies(row)) == ({ACME: "records"}, {ACME: "held"})
    assert [h.ground for h in holds.in_force(Store(installed))] == ["request"]
    told = {n.to for n in Notice.objects.filter(key__startswith=f"approval-records:{row.pk}")}
    assert told == {"gail.stone@city.example", "ada.quist@city.example"}
    assert "records office" in Notice.objects.get(key__startswith=f"approval:{row.pk}:records").text


@pytest.mark.rule(
    "P-22, promise 1",
    "An answer whose process dies before the archive is completed by the next round of the worker.",
)
def test_whoever_dies_between_the_answer_and_the_archive_leaves_it_to_the_next_round(
    files: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = files.asked("crew0", ACME)
    with monkeypatch.context() as m:
        m.setattr(approval_decisions, "execute_or_defer", lambda *_: None)
        answer(files, row, "head")
    assert files.copies(row) == {ACME: "held"}
    assert approval_execution.execute_pending(files.desk.now) == 1
    assert files.copies(row) == {ACME: "goes"}
    assert approval_execution.execute_pending(files.desk.now + approval_execution.MAX_RETRY_MS) == 0


def test_no_department_is_asked_about_before_it_was_switched_on(clock: Any, installed: Path, city: Town, settings: Any) -> None:
    """P-22."""
    with bureau(installed, city, on=False) as files:
        assert files.send("crew0", ACME) is None
        switch_on(city, files.desk.now, "fire")
        assert files.send("crew0", ACME, files={"b.pdf": PDF + b"b"}) is None


@pytest.mark.rule("P-16, P-22", "A manager sees the files that wait and nothing else of the message, and that is an entry first.")
def test_a_manager_sees_the_files_and_nothing_else_and_that_is_an_entry_first(files: Bureau, visit: Visit) -> None:
    row = files.asked("crew0", LENA, ACME, DOT)
    client = visit("head")
    listed = words(client.get("/holding/approvals/"))
    assert ACME in listed and "bid-14.pdf" in listed and "Kestrel bid" in listed and "heron" not in listed
    assert not Entry.objects.filter(act="approval.look").exists(), "a list opens no message"
    page = f"/holding/approvals/{row.pk}/"
    shown = words(client.get(page))
    assert "bid-14.pdf" in shown and "heron" not in shown
    assert "Asked Rosa Hale, then Kim Boyd" in shown
    assert [e.person for e in Entry.objects.filter(act="approval.look")] == ["p-head"]
    assert client.get(f"{page}file/1/").status_code == 302, "a link that a program follows opens nothing"
    got = client.post(f"{page}file/1/")
    assert (got.content, got["Content-Disposition"]) == (PDF, 'attachment; filename="bid-14.pdf"')
    assert Entry.objects.filter(act="approval.look").count() == 2
    assert client.post(page, {"to": ["1"], "answer": ""}).status_code == 422
    done = client.post(page, {"to": ["1"], "answer": "approve", "reason": ""})
    assert done.status_code == 302 and files.copies(row) == {LENA: "goes", ACME: "goes", DOT: "held"}
    assert client.post(page, {"to": ["1"], "answer": "approve"}).status_code == 422, "it is not offered any more"


def test_the_wrong_person_sees_nothing_of_it(files: Bureau, visit: Visit) -> None:
    """The link is opened by somebody else."""
    row = files.asked("crew0", ACME)
    page = f"/holding/approvals/{row.pk}/"
    assert [visit(key).get(page).status_code for key in ("crew1", "chief", "office")] == [403, 404, 403]
    assert visit("chief").post(f"{page}file/1/").status_code == 403
    assert Entry.objects.filter(act="approval.look").count() == 0


def test_the_sender_sees_how_it_stands_and_withdraws_on_the_page(files: Bureau, visit: Visit) -> None:
    """P-22."""
    row = files.asked("crew0", ACME)
    client = visit("crew0")
    assert ACME in words(client.get("/holding/approvals/mine/"))
    assert client.get(f"/holding/approvals/of/{row.capture}/")["Location"] == f"/holding/approvals/{row.pk}/"
    assert "It waits for Rosa Hale" in words(client.get(f"/holding/approvals/{row.pk}/"))
    assert visit("crew1").get(f"/holding/approvals/of/{row.capture}/").status_code == 404
    client.post(f"/holding/approvals/{row.pk}/")
    assert states(row) == {ACME: "withdrawn"}


@pytest.mark.rule("P-22", "Requests for a manager are tasks on Home and in the daily mail.")
def test_what_waits_is_a_task_of_home_and_of_the_daily_mail(files: Bureau) -> None:
    files.asked("crew0", ACME)
    labels = [str(t.label) for key in ("head", "crew0") for g in tasks.of(actor(files, key), files.desk.now) for t in g.tasks]
    assert labels.count("Say whether files may leave") == 1
    assert approvals.count_pending(actor(files, "deputy")) == 1


@pytest.mark.rule("P-22", "Managers are reminded once a working day, in one mail, of what has waited since an earlier day.")
def test_reminders_come_once_a_working_day(files: Bureau) -> None:
    files.asked("crew0", ACME)
    files.asked("crew0", DOT, files={"c.pdf": PDF + b"c"})
    for _ in range(3):
        files.hear(8 * HOUR)  # through the night, to the next day
    found = Notice.objects.filter(key__startswith="approval-reminder:")
    assert len({n.to for n in found}) == found.count() >= 1
    assert all(re.search(r"^2 messages", n.subject) for n in found)
