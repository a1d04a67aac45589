"""Contests: a requester objects to one redaction or withheld document, and a second person answers (Wis. Stat. 19.35 (4) (b))."""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext

from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, field_error
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import Decision as TwoPeople
from civicmail.city.law.errors import IncompleteLetter, NotInPack
from civicmail.city.law.letters import Rendered
from civicmail.city.law.pack import LawPack
from civicmail.city.notices.actions import notify
from civicmail.city.pages.wording import translate
from civicmail.core.config.sentence import sentence
from civicmail.desk.records.actions.clock import usable_pack
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.actions.frozen import require_not_frozen
from civicmail.desk.records.actions.intake import REQUESTER, notice_key
from civicmail.desk.records.models import Contact, Contest, Decision, Letter, Redaction, Request
from civicmail.desk.records.queries import custodians
from civicmail.desk.records.queries.contestable import content_of, contestable
from civicmail.desk.records.queries.office import office_facts
from civicmail.desk.records.states import CONTESTS, OPEN, REQUESTS

MAX_BYTES = 1 << 20
"""Of a contest."""
MAX_OPEN = 50
"""Contests of one request that wait for an answer."""
OUTCOMES = {
    "upheld": sentence("it stays as it was released"),
    "changed": sentence("it goes back to review, so that more of it can be released"),
}
"""State -> outcome in the words of the letter."""
_BACK = {"released": "resume", "done": "reopen"}
"""State of a request -> the action that leads back to review. Every other open one is there already, or before it."""


def contest(request: Request, *, redaction: int = 0, item: int = 0, text: str, now: int) -> Contest:
    """Take a contest of one redaction or one withheld document, by its number. Raises Unusable, Conflict."""
    text = text.replace("\0", "").strip()
    if not text:
        raise field_error("text", sentence("Write why you contest it."))
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise field_error("text", sentence("Shorten it: at most a million letters, or send the long part by mail."))
    with locked_row(request) as row:
        if row.suit is not None:
            raise Conflict(sentence("A court has this request now, so nothing of it changes here."))
        allowed = contestable(row)
        if bool(redaction) == bool(item) or (redaction or item) not in (allowed.redactions if redaction else allowed.items):
            raise field_error("number", sentence("No release has this number. Look in the withholding log."))
        waiting = row.contests.filter(state="open")
        if waiting.filter(redaction=redaction, item=item).exists():
            raise Conflict(sentence("You contested it already, and the answer is not given yet."))
        if waiting.count() >= MAX_OPEN:
            raise Conflict(sentence("The desk has not answered your other contests yet. Please come back later."))
        made = Contest.objects.create(request=row, redaction=redaction, item=item, text=text, made=from_ms(now))
        facts = {"contest": made.pk, "redaction": redaction, "item": item}
        entries.enter("records.contest", actor=REQUESTER, reason="", now=now, object=object_of(row), facts=facts)
    return made


def about(row: Contest) -> TwoPeople:
    """A contest as what a second person answers: whoever decided, confirmed, redacted or approved it is a first."""
    content = content_of(row)
    people: dict[str, None] = {}
    for decision in Decision.objects.filter(request=row.request, content=content).select_related("by", "confirmed_by"):
        people |= {p.uid: None for p in (decision.by, decision.confirmed_by) if p is not None}
    for redaction in Redaction.objects.filter(request=row.request, number=row.redaction).select_related("by"):
        people[redaction.by.uid] = None
    released = row.request.productions.filter(state="released", approved_by__isnull=False)
    people |= dict.fromkeys(released.order_by("pk").values_list("approved_by__uid", flat=True))
    return TwoPeople(first_actors=tuple(people), began_ms=epoch_ms(row.made))


def answer(row: Contest, outcome: str, reason: str, *, actor: Actor, now: int) -> Contest:
    """Answer a contest, as somebody who decided nothing about it, with the letter of the law. outcome: upheld or changed, which
    leads back to review. Raises NotPermitted, Unusable, Conflict."""
    four_eyes.require(actor, "records.contest", about(row), now=now)
    if outcome not in OUTCOMES:
        raise field_error("outcome", "Choose the outcome.")
    reason = checked_reason(reason, min_length=20, max_length=4000)
    pack = usable_pack(row.request)
    with locked_row(row) as contested, locked_row(contested.request) as request:
        require_not_frozen(request)
        contested.state = CONTESTS.step(contested.state, "uphold" if outcome == "upheld" else "change")
        me, at = acting_person(actor), from_ms(now)
        letter = _letter(contested, pack, reason, me.display)
        contested.by, contested.answered, contested.answer = me, at, reason
        contested.save()
        if outcome == "changed":
            _back_to_review(request, now)
        Letter.objects.create(
            request=request, kind=letter.kind, language=letter.language, text=f"{letter.subject}\n\n{letter.body}", state="sent",
            by=me, at=at, sent=at,
        )  # fmt: skip
        facts = {"contest": contested.pk, "outcome": outcome}
        entries.enter("records.contest-answered", actor=actor, reason=reason[:400], now=now, object=object_of(request), facts=facts)
        if (contact := Contact.objects.filter(request=request).exclude(email="").first()) is not None:
            key = notice_key(request.number, f"contest-{contested.pk}")
            notify(key, contact.email, letter.subject, letter.body, now=at, reply_to=custodians.address())
    row.refresh_from_db()
    return row


def what(row: Contest) -> str:
    """What is contested, in the words of the log."""
    if row.redaction:
        return gettext("number {number}").format(number=row.redaction)
    return gettext("item {number}").format(number=f"{row.item:06}")


def _letter(row: Contest, pack: LawPack, reason: str, reviewer: str) -> Rendered:
    """Raises Conflict if the law pack cannot make it."""
    try:
        kind = pack.letter("contest")
        language = row.request.language if row.request.language in kind.text else pack.languages[0]
        with translation.override(language):
            facts = {"item": what(row), "outcome": translate(OUTCOMES[row.state]), "reason": reason, "reviewer": reviewer}
        return pack.render_letter(kind.id, {**office_facts(row.request), **facts}, language)
    except (IncompleteLetter, NotInPack) as error:
        raise Conflict(f"Not answered: the letter cannot be written. {error}") from None


def _back_to_review(request: Request, now: int) -> None:
    """Raises Conflict for a request that was withdrawn."""
    action = _BACK.get(request.state, "")
    if action:
        request.state, request.since = REQUESTS.step(request.state, action), from_ms(now)
        request.outcome, request.closed = "", None
        request.save(update_fields=["state", "since", "outcome", "closed"])
    elif request.state not in OPEN:
        raise Conflict(f"Request {request.number} was withdrawn, so nothing of it is reviewed again.")
