"""Decide what happens to the messages and files of a request (P-21).

A decision belongs to content: one covers every copy, and later requests may take it over (inheritance.py). The latest one counts,
and earlier ones stay.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

from civicmail.city.directory.models import Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, Unusable, field_error
from civicmail.city.guard.roles import Role
from civicmail.city.law.entries import Code
from civicmail.city.law.errors import MissingEvidence, NotInForce, NotInPack
from civicmail.city.law.pack import LawPack
from civicmail.desk.records.actions.desk_work import enter, reviewing
from civicmail.desk.records.models import Decision, Item, Redaction, Request
from civicmail.desk.records.queries.law import pack_of
from civicmail.desk.records.states import VERDICTS

CODED = ("withhold", "personal", "not-a-record")
"""Verdicts under a code of the law pack."""
WHOLE = ("personal", "not-a-record")
"""Kinds of codes that say what a whole message is, with a verdict of the same name."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a reviewer decides. verdict: of states.VERDICTS; code: id of the law pack; reason: for the log, "" for that of the
    code; facts: id -> text, what the code needs; note: for the desk alone."""

    verdict: str
    code: str = ""
    reason: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


def decide(
    request: Request, items: Iterable[Item], ruling: Ruling, *, actor: Actor, now: int, seen: Collection[int] | None = None
) -> list[Decision]:
    """Decide on the contents of these items, and so on all copies of them. seen: the decisions that the reviewer saw; a later one
    of somebody else is not overwritten. Raises NotPermitted, Conflict, Unusable."""
    with reviewing(request, actor, now) as (row, me):
        ruling, needs_second = checked(pack_of(row), ruling, from_ms(now))
        contents = list(dict.fromkeys(item.content for item in items))
        if ruling.verdict == "redact":
            _require_redactions(row, contents)
        current = Decision.objects.filter(request=row, content__in=contents, replaced__isnull=True).select_related("by")
        _require_seen(current, seen)
        needs_second = needs_second or any(approvals(row, content, ruling.verdict, ruling.code) for content in contents)
        made = append(row, contents, ruling, by=me, at=from_ms(now), needs_second=needs_second)
        enter(
            "records.decided", row, actor=actor, now=now, verdict=ruling.verdict, code=ruling.code, decisions=[d.pk for d in made]
        )
    return made


def append(
    request: Request, contents: Sequence[str], ruling: Ruling, *, by: Person, at: datetime, needs_second: bool
) -> list[Decision]:
    """Write a decision on each content; it replaces the present one. The request is locked."""
    Decision.objects.filter(request=request, content__in=contents, replaced__isnull=True).update(replaced=at)
    return Decision.objects.bulk_create(
        Decision(
            request=request, content=content, verdict=ruling.verdict, code=ruling.code, reason=ruling.reason,
            facts=dict(ruling.facts), note=ruling.note, by=by, at=at, second_asked=needs_second,
        )
        for content in contents
    )  # fmt: skip


def undo(request: Request, *, actor: Actor, now: int) -> list[Decision]:
    """Take back the last decision of this reviewer, on all contents that it was about: what counted before counts again. Returns
    what was undone. Raises NotPermitted, Conflict."""
    with reviewing(request, actor, now) as (row, me):
        mine = Decision.objects.filter(request=row, by=me, replaced__isnull=True)
        last = mine.order_by("-at", "-pk").first()
        if last is None:
            raise Conflict("There is no decision of yours to undo.")
        undone = list(mine.filter(at=last.at))
        mine.filter(at=last.at).update(replaced=from_ms(now))
        for decision in undone:
            before = Decision.objects.filter(request=row, content=decision.content, replaced=decision.at, pk__lt=decision.pk)
            Decision.objects.filter(pk__in=before.values("pk")[:1]).update(replaced=None)
        enter("records.undone", row, actor=actor, now=now, verdict=last.verdict, decisions=[d.pk for d in undone])
    return undone


def approvals(request: Request, content: str, verdict: str, code: str) -> set[Role]:
    """Roles that must agree with a decision: of its code, or of the codes of its redactions."""
    ids = {code} - {""}
    if verdict == "redact":
        redactions = Redaction.objects.filter(request=request, content=content, removed__isnull=True)
        ids = set(redactions.exclude(code="").values_list("code", flat=True))
    pack = pack_of(request)
    return {cast(Role, role) for role in (pack.code(id_).approval for id_ in ids) if role}


def checked(pack: LawPack, ruling: Ruling, at: datetime) -> tuple[Ruling, bool]:
    """The ruling with its code and reason filled in, and whether a second person must agree. Raises Unusable."""
    if ruling.verdict not in VERDICTS:
        raise field_error("verdict", "Choose a decision.")
    if ruling.verdict not in CODED:
        return replace(ruling, code="", facts={}), False
    kind = ruling.verdict if ruling.verdict in WHOLE else ""
    id_ = ruling.code or _only_code(pack, kind, at)
    code, facts = code_of(pack, id_, ruling.facts, at)
    if (code.kind in WHOLE or kind) and code.kind != kind:
        raise field_error("code", f"{code.title} ({code.citation}) is no code for this decision.")
    filled = replace(ruling, code=code.id, reason=ruling.reason.strip() or code.reason, facts=facts)
    return filled, bool(code.approval) or ruling.verdict == "personal"


def code_of(pack: LawPack, id_: str, facts: Mapping[str, str], at: datetime) -> tuple[Code, dict[str, str]]:
    """A code that is in force, and those of the facts that it needs. Raises Unusable, naming the facts that are missing."""
    if not id_:
        raise field_error("code", "Choose the code under which it is withheld.")
    try:
        code = pack.require_evidence(id_, facts, at.date())
    except MissingEvidence as error:
        titles = ", ".join(pack.fact(need).title.lower() for need in error.missing)
        fields = {f"fact-{need}": f"Write down: {pack.fact(need).title}." for need in error.missing}
        raise Unusable(f"Not saved: this code counts only with its facts. Write down: {titles}.", fields) from None
    except (NotInPack, NotInForce) as error:
        raise field_error("code", str(error)) from None
    return code, {need: facts[need].strip() for need in code.needs}


def _only_code(pack: LawPack, kind: str, at: datetime) -> str:
    """The code of this kind, if the pack has one alone."""
    ids = [code.id for code in pack.codes_on(at.date()) if code.kind == kind] if kind else []
    return ids[0] if len(ids) == 1 else ""


def _require_seen(current: Iterable[Decision], seen: Collection[int] | None) -> None:
    """Raises Conflict if somebody decided what the reviewer did not see."""
    if seen is None:
        return
    for decision in current:
        if decision.pk not in seen:
            raise Conflict(f"Not saved: {decision.by} decided this meanwhile. Read it again, then decide.")


def _require_redactions(request: Request, contents: Sequence[str]) -> None:
    """Raises Unusable unless each content has a redaction with a code."""
    coded = Redaction.objects.filter(request=request, content__in=contents, removed__isnull=True).exclude(code="")
    if set(contents) - set(coded.values_list("content", flat=True)):
        raise Unusable("Not saved: mark what is redacted, and give each redaction its code.")
