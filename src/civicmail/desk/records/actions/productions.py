"""Productions: ordered by an officer, made and checked by the worker, approved by a second person who reviewed nothing of it, and
released as approved (P-21; Wis. Stat. 19.36 (6)).

An approval is about exact bytes: it is bound to the SHA-256 of the manifest, and ends when a decision changes.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import transaction

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.models import Entry
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.resources import Decision as TwoPeople
from civicmail.city.law.errors import IncompleteLetter
from civicmail.core.disk.files import OS_FILES
from civicmail.core.ledger import keys
from civicmail.core.redaction.gate import Certificate, digest
from civicmail.core.redaction.manifest import NAME, Approval, manifest_of, sign_manifest
from civicmail.desk.records.actions import desk_work
from civicmail.desk.records.actions.clock import usable_pack
from civicmail.desk.records.actions.frozen import require_not_frozen
from civicmail.desk.records.models import Decision, ProducedFile, Production, Redaction, Request
from civicmail.desk.records.production import bates, dispositions
from civicmail.desk.records.production.making import FILES, Shown
from civicmail.desk.records.production.plan import FORMATS, Plan
from civicmail.desk.records.production.verify_production import LABEL
from civicmail.desk.records.queries import notices
from civicmail.desk.records.queries.contradictions import contradictions
from civicmail.desk.records.queries.law import local_day
from civicmail.desk.records.queries.production_plans import plan_of
from civicmail.desk.records.states import PRODUCTIONS, REQUESTS

WORKER = machine("production")
SIGNATURE = "manifest.sig"
UNDER_WAY = ("waiting", "making", "checking")
OPEN = (*UNDER_WAY, "leaks", "asked", "approved")
MAX_PROBLEMS = 50


def folder(data: Path, production: Production) -> Path:
    """Folder of a production."""
    return data / "productions" / str(production.pk)


def order(request: Request, formats: Collection[str], *, interim: bool, actor: Actor, now: int) -> Production:
    """Order a production of all that is decided. interim: also if something is still in review, which a later one releases. Raises
    NotPermitted, Conflict."""
    guard.require(actor, "records.work", now=now)
    with desk_work.reviewing(request, actor, now) as (row, me):
        if row.productions.filter(state__in=OPEN).exists():
            raise Conflict("There is a production already that is not released. Stop it before you order another one.")
        _require_decided(row, interim=interim)
        production = Production(
            request=row,
            number=max(row.productions.values_list("number", flat=True), default=0) + 1,
            by=me,
            at=from_ms(now),
            since=from_ms(now),
            first=bates.next_page(row.productions.values_list("last", flat=True)),
            is_last=not interim,
            formats=[kind for kind in FORMATS if kind in formats],
        )
        plan = _plan(production)
        if problems := dispositions.problems(plan.items):
            raise Conflict(f"Nothing was ordered: {problems[0]}")
        production.total = plan.documents()
        production.balance = dispositions.balance(dispositions.dispositions(plan.items))
        production.save()
        if row.state in ("review", "released"):
            _move(row, ("resume", "submit") if row.state == "released" else ("submit",), now)
        desk_work.enter("records.ordered", row, actor=actor, now=now, production=production.number, documents=production.total)
    return production


def approve(production: Production, manifest: str, *, actor: Actor, now: int) -> Production:
    """Approve exactly the files of this manifest, as somebody who reviewed nothing of the request. manifest: as it was seen. Raises
    NotPermitted, Conflict."""
    with _changing(production, "approve", now) as row:
        four_eyes.require(actor, "records.approve", about(row), now=now)
        if manifest != row.manifest or manifest_digest(row) != row.manifest:
            raise Conflict("Not approved: the files changed since you saw them. Reload the page.")
        _require_unchanged(row)
        row.approved_by, row.approved, row.approved_manifest = acting_person(actor), from_ms(now), row.manifest
        row.approval = f"entry:{_enter('records.approved', row, actor, now, manifest=row.manifest).uuid}"
    return row


def give_back(production: Production, why: str, *, actor: Actor, now: int) -> Production:
    """Return a production to review, with the reason. Raises NotPermitted, Conflict."""
    with _changing(production, "return", now) as row:
        four_eyes.require(actor, "records.approve", about(row), now=now)
        row.why = why[:400]
        _enter("records.returned", row, actor, now, why=why[:400])
        if row.request.state == "approval":
            _move(row.request, ("return",), now)
    return row


def stop(production: Production, why: str, *, actor: Actor, now: int) -> Production:
    """Stop a production, as an officer, or as the worker if it cannot continue; what was made stays until it is continued. Raises
    NotPermitted, Conflict."""
    with _changing(production, "stop", now) as row:
        if actor != WORKER:
            guard.require(actor, "records.work", now=now)
        row.why = why[:400]
        row.approved_by, row.approved, row.approved_manifest, row.approval = None, None, "", ""
        _enter("records.stopped", row, actor, now, why=why[:400])
    return row


def again(production: Production, *, actor: Actor, now: int) -> Production:
    """Make it again, or go on where it was stopped: files whose decisions did not change stay as they are. Raises NotPermitted,
    Conflict."""
    with _changing(production, "again", now) as row:
        guard.require(actor, "records.work", now=now)
        if row.request.productions.filter(state__in=OPEN).exclude(pk=row.pk).exists():
            raise Conflict("There is another production that is not released. Stop it first.")
        _require_decided(row.request, interim=not row.is_last)
        if _plan(row).digest() != row.plan:
            row.at = from_ms(now)
        row.why, row.problems = "", []
        if row.request.state == "review":
            _move(row.request, ("submit",), now)
        _enter("records.ordered", row, actor, now, again=True)
    return row


def release(production: Production, *, data: Path, actor: Actor, now: int) -> Production:
    """Sign the manifest of what was approved, and open it to the requester. Raises NotPermitted, Conflict while a notice locks it
    or if anything changed since the approval."""
    with _changing(production, "release", now) as row:
        guard.require(actor, "records.work", now=now)
        _require_unlocked(row, now)
        _require_unchanged(row)
        if manifest_digest(row) != row.approved_manifest:
            raise Conflict("Not released: the files are not those that were approved. Make them again.")
        certificates = certificates_of(row)
        approval = Approval(row.approval, frozenset(c.sha256 for c in certificates))
        key = keys.private(data / "keys")
        signed = sign_manifest(certificates, approval, lambda content: key.sign(LABEL + content), forbidden=())
        place = folder(data, row) / FILES
        OS_FILES.replace(place / NAME, signed.manifest)
        OS_FILES.replace(place / SIGNATURE, base64.b64encode(signed.signature) + b"\n")
        row.files.update(checks=list(signed.certificates[0].checks))
        last = signed.certificates[-1]
        ProducedFile.objects.create(
            production=row, name=NAME, media_type="application/json", size=len(signed.manifest), sha256=last.sha256,
            checks=list(last.checks),
        )  # fmt: skip
        row.released = from_ms(now)
        _enter("records.released", row, actor, now, manifest=last.sha256, files=len(certificates))
        if row.request.state == "approval":
            _move(row.request, ("release",) if row.is_last else ("release", "resume"), now)
    return row


def begin(production: Production, now: int) -> Plan:
    """Begin or continue, as the worker, with the decisions of this moment. Raises Conflict."""
    with locked_row(production) as row:
        if row.state != "waiting":
            row.state = PRODUCTIONS.step(row.state, "resume")
        plan = _plan(row)
        row.state, row.since = PRODUCTIONS.step(row.state, "begin"), from_ms(now)
        row.plan, row.total = plan.digest(), plan.documents()
        row.balance = dispositions.balance(dispositions.dispositions(plan.items))
        row.files.all().delete()
        row.save()
    return plan


def update_progress(production: Production, done: int, checked: int, *, is_checking: bool) -> bool:
    """Store the progress; False if it was stopped meanwhile. Nobody's decision, so no audit entry."""
    rows = Production.objects.filter(pk=production.pk, state__in=UNDER_WAY)
    state = {"state": PRODUCTIONS.step("making", "check")} if is_checking else {}
    return bool(rows.update(done=done, checked=checked, **state))


def leak(production: Production, problems: Sequence[str], now: int) -> None:
    """The gate refuses it. problems: sentences that name file, check and place, never what was found."""
    with _changing(production, "leak", now) as row:
        row.problems = list(dict.fromkeys(problems))[:MAX_PROBLEMS]
        _enter("records.blocked", row, WORKER, now, problems=len(problems))


def hand_over(production: Production, shown: Sequence[Shown], certificates: Sequence[Certificate], last: int, now: int) -> None:
    """Everything passed the gate: a second person decides."""
    checks = {certificate.name: certificate for certificate in certificates}
    with _changing(production, "pass", now) as row:
        ProducedFile.objects.bulk_create(
            ProducedFile(
                production=row, item=one.item, name=one.name, media_type=one.media_type, size=one.size, sha256=one.sha256,
                first=one.first, last=one.last, checks=list(checks[one.name].checks),
            )
            for one in shown
        )  # fmt: skip
        row.last, row.size, row.done = last, sum(one.size for one in shown), row.total
        row.manifest = manifest_digest(row)
        _enter("records.made", row, WORKER, now, manifest=row.manifest, files=len(shown), pages=last - row.first + 1)


def about(production: Production) -> TwoPeople:
    """A production as what a second person approves: whoever ordered it, or decided or redacted anything of the request, also if
    that does not count any more, is the first."""
    decided = Decision.objects.filter(request=production.request).order_by().values_list("by__uid", flat=True).distinct()
    redacted = Redaction.objects.filter(request=production.request).order_by().values_list("by__uid", flat=True).distinct()
    people = dict.fromkeys([production.by.uid, *sorted({*decided, *redacted})])
    return TwoPeople(first_actors=tuple(people), began_ms=epoch_ms(production.at))


def certificates_of(production: Production) -> list[Certificate]:
    """The certificates of its files, without the manifest."""
    rows = production.files.exclude(name=NAME).order_by("name")
    return [Certificate(row.name, row.sha256, tuple(row.checks)) for row in rows]


def manifest_digest(production: Production) -> str:
    """SHA-256 of the list of files to which an approval is bound."""
    return digest(manifest_of(certificates_of(production), Approval("", frozenset())))


@contextmanager
def _changing(production: Production, action: str, now: int) -> Iterator[Production]:
    """A transaction with the production locked, and its next state. Raises Conflict."""
    with locked_row(production) as row:
        state = PRODUCTIONS.step(row.state, action)
        if action in ("again", "approve", "return", "release"):
            require_not_frozen(row.request)
        yield row
        row.state, row.since = state, from_ms(now)
        row.save()
    production.refresh_from_db()


def _require_decided(request: Request, *, interim: bool) -> None:
    """Raises Conflict with the first contradiction. What is still open may wait for a later production."""
    open_points = [c for c in contradictions(request) if not (interim and c.kind == "open")]
    if open_points:
        more = f" There are {len(open_points) - 1:,} more." if len(open_points) > 1 else ""
        raise Conflict(f"Nothing was ordered: {open_points[0].sentence}{more}")


def _require_unchanged(production: Production) -> None:
    """Raises Conflict if a decision changed since it was made."""
    if _plan(production).digest() != production.plan:
        raise Conflict("A decision of the request changed since these files were made. Stop this production, and make it again.")


def _require_unlocked(production: Production, now: int) -> None:
    """Raises Conflict while a notice to a subject locks it (Wis. Stat. 19.356). A notice that is being added counts."""
    request = Request.objects.select_for_update().get(pk=production.request_id)
    lock = notices.lock_of(production, usable_pack(request), local_day(from_ms(now)))
    if lock is not None:
        raise Conflict(f"Not released. {lock.title}: {lock.why}")


def _plan(production: Production) -> Plan:
    """Raises Conflict if its letter lacks something."""
    try:
        return plan_of(production)
    except IncompleteLetter as error:
        raise Conflict(f"The letter cannot be written: {error}") from None


def _move(request: Request, actions: Sequence[str], now: int) -> None:
    for action in actions:
        request.state = REQUESTS.step(request.state, action)
    request.since = from_ms(now)
    request.save(update_fields=["state", "since"])


def _enter(act: str, production: Production, actor: Actor, now: int, **facts: Any) -> Entry:
    reason = f"Request for records {production.request.number}, production {production.number}"
    plain = {"production": production.number, **facts}
    where = f"request:{production.request.number}"
    return entries.enter(act, actor=actor, reason=reason, now=now, object=where, facts=plain)


def fetched(production: Production, name: str, *, actor: Actor, now: int) -> None:
    """Record a download before it begins: which file, never by whom of the public."""
    with transaction.atomic():
        _enter("records.fetched", production, actor, now, file=name)
