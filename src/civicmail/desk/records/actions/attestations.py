"""Statements about personal accounts and devices: the desk asks an employee, who signs what they found, or refuses.

Content makes a record, wherever it is (Wis. Stat. 19.32 (2)): what the archive cannot know, its owner states.
"""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, field_error
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import OfPerson
from civicmail.city.law.errors import IncompleteLetter, NotInPack
from civicmail.city.law.letters import Rendered
from civicmail.city.law.pack import LawPack
from civicmail.city.notices.actions import notify
from civicmail.city.pages.wording import translate
from civicmail.core.config.sentence import sentence
from civicmail.desk.holding.senders import address_of
from civicmail.desk.records.actions.clock import usable_pack
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.actions.frozen import locked_request, require_not_frozen
from civicmail.desk.records.models import Attestation, Request
from civicmail.desk.records.queries import custodians
from civicmail.desk.records.queries.requests import agreed_scope
from civicmail.desk.records.states import OPEN

OUTCOMES = {
    "nothing": sentence("I found no such records."),
    "handed-over": sentence("I found such records, and gave them to the custodian."),
}
"""Answer -> result in the words of the statement. The third answer, "refused", has no statement."""
REFUSED = "refused"
BLANK = "…"


def ask(row: Request, person: Person, *, actor: Actor, now: int) -> Attestation:
    """Ask an employee to search their personal accounts and devices and to sign. Raises NotPermitted, Unusable; Conflict, also
    where the law pack has no such statement."""
    guard.require(actor, "records.work", now=now)
    pack = usable_pack(row)
    with locked_request(row) as request:
        if request.state not in OPEN:
            raise Conflict("This request is over. Reopen it first.")
        if agreed_scope(request) is None:
            raise Conflict("Agree a scope first: the employee must know what to search for.")
        if request.attestations.filter(person=person).exists():
            raise field_error("person", "They were asked already.")
        at = from_ms(now)
        made = Attestation.objects.create(request=request, person=person, asked=at, by=acting_person(actor))
        statement(made, pack)
        _enter("records.attestation-asked", made, actor, now, person=person.uid)
        if to := address_of(person):
            page = f"{settings.CITY.web.pages}{reverse('records-attest', args=[made.pk])}"
            text = (
                f"Request for records {request.number} may reach records in your personal accounts and on your own devices. Search "
                f"them, and sign what you found: {page}\n\nContent makes a record, wherever it is."
            )
            notify(
                f"attestation:{made.pk}",
                to,
                "Sign a statement about your own accounts",
                text,
                now=at,
                reply_to=custodians.address(),
            )
    return made


def answer(row: Attestation, outcome: str, text: str, *, actor: Actor, now: int) -> Attestation:
    """Sign the statement, or refuse it. outcome: of OUTCOMES, or refused; text: what was searched, or why it is refused. Raises
    NotPermitted, Unusable, Conflict."""
    guard.require(actor, "records.attest", OfPerson(row.person.uid), now=now)
    if outcome not in (*OUTCOMES, REFUSED):
        raise field_error("outcome", sentence("Choose your answer."))
    text = checked_reason(text, "text", min_length=10, max_length=4000)
    pack = usable_pack(row.request)
    with locked_row(row) as mine:
        require_not_frozen(mine.request)
        if mine.state != "asked":
            raise Conflict(sentence("You answered this already."))
        if outcome == REFUSED:
            mine.state, mine.answer = "refused", text
        else:
            signed = statement(mine, pack, text, outcome)
            mine.state, mine.has_records, mine.answer = "signed", outcome == "handed-over", f"{signed.subject}\n\n{signed.body}"
        mine.signed = from_ms(now)
        mine.save()
        _enter("records.attested", mine, actor, now, outcome=outcome)
    row.refresh_from_db()
    return row


def statement(row: Attestation, pack: LawPack, searched: str = BLANK, outcome: str = "") -> Rendered:
    """The statement by the law pack; without an answer, as it will be. Raises Conflict if the pack cannot make it."""
    scope = agreed_scope(row.request)
    try:
        kind = pack.letter("attestation")
        language = (translation.get_language() or "en")[:2]
        language = language if language in kind.text else pack.languages[0]
        with translation.override(language):
            facts = {
                "person": row.person.display,
                "number": row.request.number,
                "scope": scope.understood if scope is not None else "",
                "searched": searched,
                "outcome": translate(OUTCOMES[outcome]) if outcome else BLANK,
            }
        return pack.render_letter(kind.id, facts, language)
    except (IncompleteLetter, NotInPack) as error:
        raise Conflict(f"There is no statement to sign: {error}") from None


def _enter(act: str, row: Attestation, actor: Actor, now: int, **facts: object) -> None:
    reason = f"Request for records {row.request.number}"
    plain = {"attestation": row.pk, **facts}
    entries.enter(act, actor=actor, reason=reason, now=now, object=object_of(row.request), facts=plain)
