"""The town with something in every state that a table of the program knows, so that pages meet each (issue 17).

STATES says for each column which states there are; test_states.py demands that a new table stands here, and that the town has all
of it. The rows are made directly, with what belongs to their state.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, get_args

from django.db.models import Model

from civicmail.city.conduct import (
    closure_states,
    external_account_states,
    review_item_states,
    review_states,
    statement_states,
    violation_states,
)
from civicmail.city.conduct.models import (
    Closure,
    OutsideAccount,
    OutsideEnding,
    Review,
    ReviewRow,
    Statement,
    Violation,
)
from civicmail.city.directory.models import Address, FeedRun, Mailbox
from civicmail.city.guard import mandate_states
from civicmail.city.guard.models import Amendment, Mandate, MandateYear, Subject
from civicmail.city.guard.state_table import StateTable
from civicmail.city.identity import authorization_states as rights
from civicmail.city.identity.examination_labels import CHANGES, EXAMINATIONS, RATIFICATIONS
from civicmail.city.identity.models import Authorization, Ending
from civicmail.city.identity.views.feeds import STATES as FEEDS
from civicmail.desk.holding import approval_states, containment_states, pickup_states, release_states, verification_states
from civicmail.desk.holding.lists.findings import STATES as FINDINGS
from civicmail.desk.holding.models import (
    Approval,
    ApprovalCopy,
    Containment,
    Contest,
    Finding,
    PickUp,
    Release,
    Verification,
)
from civicmail.desk.holding.views.appeals import STATES as CONTESTS
from civicmail.desk.incidents import states as incidents
from civicmail.desk.incidents.models import Case, Pull, Pulled
from civicmail.desk.mailbox import send_states
from civicmail.desk.mailbox.models import Outgoing
from civicmail.desk.oversight import states as rulestates
from civicmail.desk.oversight.models import Emergency, Replay, Version
from civicmail.desk.records import models as records
from civicmail.desk.records import states as recordstates
from civicmail.desk.retention import disposal_states
from civicmail.desk.retention.models import Disposal
from civicmail.desk.workbench import privilege
from civicmail.desk.workbench import states as exports
from civicmail.desk.workbench.models import Clearance, Export


def of(table: StateTable[Any]) -> frozenset[str]:
    return frozenset({s.source for s in table.steps} | {s.target for s in table.steps})


STATES: dict[tuple[type[Model], str], Iterable[str]] = {
    (Authorization, "state"): of(rights.TABLE),
    (Mandate, "state"): of(mandate_states.TABLE),
    (Mandate, "ratified"): RATIFICATIONS,
    (Amendment, "state"): CHANGES,
    (FeedRun, "state"): FEEDS,
    (OutsideEnding, "state"): of(external_account_states.TABLE),
    (Violation, "state"): of(violation_states.TABLE),
    (ReviewRow, "state"): of(review_item_states.TABLE),
    (ReviewRow, "answer"): review_item_states.ANSWERS,
    (Review, "state"): of(review_states.TABLE),
    (Statement, "state"): of(statement_states.TABLE),
    (Closure, "state"): of(closure_states.TABLE),
    (Release, "state"): frozenset().union(*map(of, release_states.TABLES.values())),
    (Release, "kind"): release_states.TABLES,
    (Containment, "state"): of(containment_states.TABLE),
    (ApprovalCopy, "state"): of(approval_states.TABLE),
    (PickUp, "state"): of(pickup_states.TABLE),
    (Finding, "state"): FINDINGS,
    (Contest, "answer"): CONTESTS,
    (records.Request, "state"): of(recordstates.REQUESTS),
    (records.Scope, "state"): of(recordstates.SCOPES),
    (records.Search, "state"): of(recordstates.SEARCHES),
    (records.Production, "state"): of(recordstates.PRODUCTIONS),
    (records.SubjectNotice, "state"): of(recordstates.NOTICES),
    (records.Contest, "state"): of(recordstates.CONTESTS),
    (records.Reply, "state"): set(recordstates.REPLY),
    (records.Publication, "state"): of(recordstates.PUBLICATIONS),
    (records.FormatRequest, "state"): of(recordstates.FORMAT_REQUESTS),
    (records.Letter, "state"): of(recordstates.LETTERS),
    (records.Attestation, "state"): recordstates.ATTESTATION,
    (Verification, "state"): verification_states.WORDS,
    (Case, "state"): of(incidents.CASE),
    (Pull, "state"): of(incidents.PULL),
    (Pulled, "state"): incidents.COPIES,
    (Clearance, "state"): of(privilege.TABLE),
    (Export, "state"): exports.WORDS,
    (Outgoing, "state"): get_args(send_states.State),
    (Version, "state"): of(rulestates.TABLE),
    (Emergency, "ratified"): RATIFICATIONS,
    (Replay, "state"): rulestates.REPLAYS,
    (Disposal, "state"): of(disposal_states.DISPOSALS),
}
"""Column -> what stands in it."""
SHOWN: dict[tuple[type[Model], str], Mapping[str, tuple[str, str]]] = {
    (Authorization, "state"): rights.WORDS,
    (Mandate, "state"): EXAMINATIONS,
    (Mandate, "ratified"): RATIFICATIONS,
    (Amendment, "state"): CHANGES,
    (FeedRun, "state"): FEEDS,
    (OutsideEnding, "state"): external_account_states.WORDS,
    (Violation, "state"): violation_states.WORDS,
    (ReviewRow, "state"): review_item_states.WORDS,
    (Review, "state"): review_states.WORDS,
    (Statement, "state"): statement_states.WORDS,
    (Closure, "state"): closure_states.WORDS,
    (Release, "state"): release_states.WORDS,
    (Containment, "state"): containment_states.STATES,
    (ApprovalCopy, "state"): approval_states.WORDS,
    (PickUp, "state"): pickup_states.WORDS,
    (Finding, "state"): FINDINGS,
    (Contest, "answer"): CONTESTS,
    (records.Request, "state"): recordstates.REQUEST,
    (records.Scope, "state"): recordstates.SCOPE,
    (records.Search, "state"): recordstates.SEARCH,
    (records.Production, "state"): recordstates.PRODUCTION,
    (records.SubjectNotice, "state"): recordstates.NOTICE,
    (records.Contest, "state"): recordstates.CONTEST,
    (records.Reply, "state"): recordstates.REPLY,
    (records.Publication, "state"): recordstates.PUBLICATION,
    (records.FormatRequest, "state"): recordstates.FORMAT,
    (records.Letter, "state"): recordstates.LETTER,
    (records.Attestation, "state"): recordstates.ATTESTATION,
    (Verification, "state"): verification_states.WORDS,
    (Case, "state"): incidents.CASES,
    (Pull, "state"): incidents.PULLS,
    (Pulled, "state"): incidents.COPIES,
    (Clearance, "state"): privilege.STATES,
    (Export, "state"): exports.WORDS,
    (Outgoing, "state"): send_states.WORDS,
    (Version, "state"): rulestates.WORDS,
    (Emergency, "ratified"): RATIFICATIONS,
    (Replay, "state"): rulestates.REPLAYS,
    (Disposal, "state"): disposal_states.WORDS,
}
"""Column -> how each of its states is shown, wherever it is."""
WHY = "The council's decision of the tenth of March says so."


def everything(t: Any, captures: list[str]) -> None:
    """t: with its mail, cases and the rest; captures: numbers of mail that nothing is about so far. Adds what is missing."""
    t.objects["captures"] = iter(captures)
    for make in (
        _rights,
        _mandates,
        _feeds,
        _conduct,
        _reviews,
        _closures,
        _holding,
        _approvals,
        _pickups,
        _incidents,
        _written,
        _rules,
    ):
        make(t)
    del t.objects["captures"]


def missing(column: tuple[type[Model], str]) -> list[str]:
    """The states that no row has."""
    model, name = column
    return sorted(set(STATES[column]) - set(model._default_manager.values_list(name, flat=True)))


def again(row: Any, **changes: Any) -> Any:
    """The row once more, with changes."""
    row = type(row)._default_manager.get(pk=row.pk)
    row.pk, row._state.adding = None, True
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()
    return row


def _rights(t: Any) -> None:
    for state in missing((Authorization, "state")):
        key = f"was-{state}"
        t.person(key, "Ola", f"Was {state}", "public-works", "Street Inspector", supervisor=t.people["super"])
        a = t.authorize(key, state)
        if state in ("approved", "refused"):
            a.approver, a.decided, a.starts = t.people["head"], t.now, t.now + timedelta(days=3) if state == "approved" else None
        a.why = WHY
        a.save()


def _mandates(t: Any) -> None:
    live = Mandate.objects.get(number=t.objects["case"])
    urgent = Mandate.objects.get(number=t.objects["urgent case"])
    year = MandateYear.objects.get()

    def one(like: Mandate, state: str, **more: Any) -> None:
        year.last += 1
        begun = state in (*mandate_states.VIEWABLE, *mandate_states.ENDED)
        never = {} if begun else {"starts": None, "until": None}
        over = {"finding": "What was asked for was found and handed over."} if state == "closed" else {}
        number = f"{year.year % 100}-{year.last:03}"
        row = again(like, number=number, state=state, since=t.now, why=WHY, **never, **over, **more)
        Subject.objects.create(mandate=row, person=like.subjects.get().person, since=t.now - timedelta(hours=5))

    for state in missing((Mandate, "state")):
        one(live, state, decided=None if state in ("withdrawn", "lapsed") else t.now)
    for ratified in missing((Mandate, "ratified")):
        one(urgent, "ended" if ratified == "rejected" else "urgent", ratified=ratified, ratify_by=t.now - timedelta(hours=1))
    year.save()
    asked = Amendment.objects.get(state="asked")
    for state in missing((Amendment, "state")):
        answered = {"approver": t.people["approver"], "decided": t.now} if state in ("approved", "refused") else {}
        again(asked, state=state, why=WHY, **answered)


def _feeds(t: Any) -> None:
    run = FeedRun.objects.get(pk=t.objects["feed"])
    for state in missing((FeedRun, "state")):
        more = {"kind": "scim", "day": t.now.date()} if state == "live" else {}
        again(run, state=state, source=f"list-{state}.csv", decided=t.now, reason=WHY, **more)


def _conduct(t: Any) -> None:
    row = Violation.objects.get(pk=t.objects["violation"])
    for n, state in enumerate(missing((Violation, "state"))):
        again(row, state=state, origin=f"finding:{900 + n}", since=t.now, **_of_violation(t, state))
    for n, state in enumerate(missing((Statement, "state"))):
        Statement.objects.create(
            department=t.departments["fire"], half=f"202{n}-2", made=t.now, due=t.now.date(), state=state,
            person=t.people["chief"], signed=t.now, remarks=WHY if state == "exceptions" else "",
        )  # fmt: skip


def _of_violation(t: Any, state: str) -> dict[str, Any]:
    """What was said, found, decided and heard by then."""
    said = {"responded": t.now, "response": "It was to friends, who had asked me."}
    found = {"finder": t.people["head"], "found": t.now, "finding": WHY}
    if state in ("reported", "recorded"):
        return said
    if state in ("unfounded", "noted", "confirmed"):
        return {**said, **found}
    if state == "reversed":
        return {**said, "why": WHY}
    decided = {
        **said, **found, "decider": t.people["office"], "decided": t.now, "outcome": "suspension", "proposed": "warning",
        "departs": True, "ground": "personal-business", "cites": "Code 2.11", "why": WHY, "until": t.now + timedelta(days=20),
        "lapses": t.now + timedelta(days=400),
    }  # fmt: skip
    if state == "proposed":
        return {**decided, "outcome": "permanent", "until": None}
    appealed = {**decided, "appeal": "I was told that it is allowed.", "appealed": t.now}
    if state in ("upheld", "overturned"):
        return {**appealed, "hearer": t.people["director"], "heard": t.now, "hearing": WHY}
    return appealed if state == "appealed" else decided


def _reviews(t: Any) -> None:
    for state in missing((Review, "state")):
        done = {"started": t.now - timedelta(days=30), "deadline": t.now - timedelta(days=9), "closed": t.now, "digest": "5e" * 32}
        Review.objects.create(
            key=f"duties:{state}", tier="duties", state=state, planned=t.now.date() - timedelta(days=30), by="tick", reason=WHY,
            **(done if state == "closed" else {}),
        )  # fmt: skip
    taken = (t.objects["review row"], t.objects["review failed"])
    free = list(ReviewRow.objects.filter(state="open").exclude(pk__in=taken).order_by("-id"))
    answered = {"reason": WHY, "by": t.people["head"], "at": t.now}
    free.sort(key=lambda row: row.person == t.people["crew1"])  # the last is taken first, and suspended when a worker comes
    for state in sorted(missing((ReviewRow, "state")), key=lambda s: s != "suspending"):
        by_silence = "suspend" if state.startswith("suspend") else "keep"
        given = {} if state in ("silent", "moot", "stopped") else {"answer": by_silence, **answered}
        ReviewRow.objects.filter(pk=free.pop().pk).update(state=state, **given)
    for answer in missing((ReviewRow, "answer")):
        promised = t.now + timedelta(days=9)
        ReviewRow.objects.filter(pk=free.pop().pk).update(state="verified", answer=answer, promised=promised, **answered)


def _closures(t: Any) -> None:
    counted = Closure.objects.get(pk=t.objects["closure"])
    for n, state in enumerate(missing((Closure, "state"))):
        box = Mailbox.objects.create(
            address=f"closing{n}@city.example", name="Closing", kind="personal", holder=t.people["crew11"],
            department=counted.department, made=t.now,
            closed=t.now if state == "closed" else None,
        )  # fmt: skip
        Address.objects.create(address=box.address, mailbox=box, since=t.now)
        more = {"closed": t.now, "sha256": "6c" * 32} if state == "closed" else {"problem": "The mailbox did not answer."}
        again(counted, mailbox=box, state=state, ordered=t.now, orderer=t.people["head"], **more)
    late, ending = OutsideEnding.objects.get(), Ending.objects.get(pk=t.objects["ending"])
    for n, state in enumerate(missing((OutsideEnding, "state"))):
        account = again(OutsideAccount.objects.get(pk=late.account.pk), ended=t.now, login=f"R-90{n}")
        done = (
            {"done": t.now, "how": "person", "by": "p-super", "reason": WHY} if state == "ended" else {"tries": 3, "problem": "503"}
        )
        again(late, account=account, ending=ending, key=uuid.uuid4(), state=state, **done)


def _holding(t: Any) -> None:
    asked = Release.objects.get(pk=t.objects["release"])
    for kind, table in release_states.TABLES.items():
        for state in sorted(of(table)):
            first = (
                {"first": t.people["security"], "agreed": t.now, "first_why": WHY} if kind == "malware" and state != "asked" else {}
            )
            over = {"person": t.people["admin"], "answered": t.now, "answer": WHY} if state not in release_states.OPEN else {}
            words = {"malware": ["Eicar-Test"]} if kind == "malware" else {}
            again(
                asked,
                capture=next(t.objects["captures"]),
                kind=kind,
                state=state,
                let=state == "released",
                **words,
                **first,
                **over,
            )
    held = Containment.objects.get(pk=t.objects["containment"])
    for state in missing((Containment, "state")):
        done = {"locker": t.people["security"], "locked": t.now, "why": WHY}
        done |= {"releaser": t.people["security"], "released": t.now, "answer": WHY} if state == "released" else {}
        again(held, sender=f"relay:{state}@city.example", state=state, **done)
    again(held, sender="p-crew2", person=t.people["crew2"], sign="night")
    reviewed = {"reviewer": t.people["examiner"], "answered": t.now, "why": WHY}
    second = {"second": t.people["reviewer"], "decided": t.now, "answer": WHY}
    finding = Finding.objects.get(pk=t.objects["finding"])
    for state in missing((Finding, "state")):
        more = second if state in ("refused", "handed") else {}
        more |= {"person": t.people["crew2"]} if state == "handed" else {}
        again(finding, capture=next(t.objects["captures"]), state=state, **reviewed, **more)
    contest = Contest.objects.get(pk=t.objects["contest"])
    contest.capture = t.objects["mail refused"]
    contest.save()
    for answer in missing((Contest, "answer")):
        again(contest, answer=answer, why=WHY, person=t.people["security"], answered=t.now)
    _verifications(t)


def _verifications(t: Any) -> None:
    for n, state in enumerate(sorted(verification_states.WORDS)):
        capture = t.objects["mail delivered"] if state == "asked" else next(t.objects["captures"])
        Verification.objects.create(
            capture=capture, asker=t.people["crew0"], claimed="ibis@outside.example", to="ibis@outside.example", secret=f"{n:064}",
            made=t.now, until=t.now + timedelta(days=7), state=state, answered=t.now if state in ("yes", "no") else None,
            said="It was me." if state == "yes" else "",
        )  # fmt: skip


def _approvals(t: Any) -> None:
    like = Approval.objects.get(pk=t.objects["approval"])
    row = again(like, capture=next(t.objects["captures"]))
    for n, state in enumerate(sorted(of(approval_states.TABLE))):
        said = {} if state in ("waits", "expired", "gone") else {"by": t.people["head"], "at": t.now, "reason": WHY, "done": t.now}
        copy = {"approval": row, "index": n, "address": f"reader{n}@acme.example", "state": state}
        ApprovalCopy.objects.create(**copy, **said, kept="confidential-many" if state == "approved" else "")
    own = again(like, capture="", draft=t.objects["my draft"], words="The plan for the paving firm.")
    ApprovalCopy.objects.create(approval=own, index=0, address="ann@paving.example")


def _pickups(t: Any) -> None:
    for n, state in enumerate(sorted(of(pickup_states.TABLE))):
        PickUp.objects.create(
            box=f"{n:032}", capture=t.objects["mail delivered"], index=n, to="ann@paving.example", sender="dana.ortiz@city.example",
            person=t.people["crew0"], made=t.now - timedelta(days=9), until=t.now + timedelta(days=5), state=state,
            token=f"{n:064}", secret="pbkdf2" if state != "waits" else "", by="reader", tries=5 if state == "locked" else 0,
            opened=t.now if state == "opened" else None, openings=int(state == "opened"),
        )  # fmt: skip


def _incidents(t: Any) -> None:
    case, pull = Case.objects.get(pk=t.objects["incident"]), Pull.objects.get(pk=t.objects["pull"])
    for state in missing((Case, "state")):
        again(case, text=f"{state:0>64}", state=state, person=t.people["security"], answered=t.now, why=WHY)
    for n, state in enumerate(missing((Pull, "state"))):
        done = {"second": t.people["security"], "decided": t.now, "answer": WHY, "finished": t.now}
        row = again(pull, state=state, total=len(incidents.COPIES), undone_by=t.people["admin"], undone_why=WHY, **done)
        for index, copy in enumerate(incidents.COPIES):
            said = {"problem": "The mailbox did not answer.", "tried": t.now} if copy == "waits" else {}
            Pulled.objects.create(
                pull=row, capture=str(uuid.UUID(int=n)), index=index, mailbox=f"reader{index}@city.example", state=copy, **said
            )


def _written(t: Any) -> None:
    out = Outgoing.objects.get(uid=t.objects["my outgoing"])
    for state in missing((Outgoing, "state")):
        capture = t.objects["mail delivered"] if state == "sent" else ""
        refused = {"rule": "own-words", "why": "It was not taken: the recipient does not exist."} if state == "returned" else {}
        again(out, uid=uuid.uuid4(), draft=None, state=state, capture=capture, tries=1, **refused)
    export = Export.objects.get(pk=t.objects["export"])
    clearance = Clearance.objects.get(pk=t.objects["clearance"])
    for state in missing((Clearance, "state")):
        again(clearance, capture=uuid.uuid4().hex, state=state, attorney=t.people["attorney"], answered=t.now, answer=WHY)
    for state in missing((Export, "state")):
        again(export, state=state, why=WHY if state in ("failed", "stopped") else "", until=t.now if state == "gone" else None)


def _rules(t: Any) -> None:
    like = Version.objects.get(rule="disk-images", number=2)
    for state in missing((Version, "state")):
        over = {"ended": t.now} if state in ("retired",) else {}
        text = like.text.replace("disk-images", f"was-{state}")
        again(
            like, rule=f"was-{state}", number=1, text=text, state=state, since=t.now, why=WHY, proposed=t.now, decided=t.now, **over
        )
    emergency = Emergency.objects.get(pk=t.objects["emergency"])
    for ratified in missing((Emergency, "ratified")):
        said = {"approver": t.people["second"], "decided": t.now} if ratified in ("ratified", "rejected") else {}
        over = {"ended": t.now, "why": WHY} if ratified == "rejected" else {}
        again(emergency, value=f"{ratified}.example", ratified=ratified, ratify_by=t.now - timedelta(hours=1), **said, **over)
    replay = Replay.objects.get(pk=t.objects["replay waiting"])
    for state in missing((Replay, "state")):
        again(replay, state=state, found=900, done=411, mark="", why=WHY if state in ("failed", "stopped") else "")


MAKERS = (
    _rights, _mandates, _feeds, _conduct, _reviews, _closures, _holding, _approvals, _pickups, _incidents, _written, _rules
)  # fmt: skip
