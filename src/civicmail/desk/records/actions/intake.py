"""Take a request for records: number, receipt code, link, hold, and the acknowledgment at once (P-21, P-24).

The requester need not say who they are. What they do say of themselves is in a table of its own and in no entry; the code and the
link are shown once, to them.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import NotRecorded, field_error
from civicmail.city.law.errors import IncompleteLetter, NotInPack
from civicmail.city.law.letters import Rendered
from civicmail.city.law.pack import LawPack
from civicmail.city.notices.actions import notify
from civicmail.city.pages.wording import translate
from civicmail.core.config.log import get_logger
from civicmail.core.config.sentence import sentence
from civicmail.core.disk.errors import LeaseHeld
from civicmail.desk.records import receipts
from civicmail.desk.records.actions import holds
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.confidential_numbers import has_number, masked
from civicmail.desk.records.models import Contact, Letter, Request, RequestYear
from civicmail.desk.records.queries import custodians
from civicmail.desk.records.queries.law import in_force, local_day
from civicmail.desk.viewer.queries import installation

log = get_logger()

REQUESTER = machine("requester")
"""The actor of entries for what somebody without an account did; no more of them is recorded."""
MAX_BYTES = 1 << 20
"""Of a request."""
MAX_QUOTED = 4_000
"""Characters of a request that its acknowledgment repeats."""
YOUR_WORDS = sentence("The status page has your words.")
"""In place of them in mail to an address that a form names."""
MAX_MAILED = 5
"""Acknowledgments that one address gets in a day."""
HIDDEN_CODE = "••••-••••-••••-••••"
"""In place of the receipt code in the letter that is stored."""
_YEARS_KEPT = 7
"""For which contact data is kept where the law pack names no period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactData:
    """How somebody wants to be reached; all of it may be empty."""

    name: str = ""
    email: str = ""
    phone: str = ""
    postal: str = ""
    delivery: str = "link"

    def is_empty(self) -> bool:
        return not (self.name or self.email or self.phone or self.postal)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """What somebody asks for. intake: of states.INTAKES; capture: the message that it came in; received: epoch ms, if it was before
    now; self_request: for records about themselves."""

    text: str
    intake: str
    contact: ContactData = ContactData()
    language: str = "en"
    title: str = ""
    capture: str = ""
    received: int = 0
    oral: bool = False
    self_request: bool = False
    incarcerated: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the requester gets, once: nobody can make the code or the link again. letter: None while there is no law pack."""

    request: Request
    code: str
    link: str
    letter: Rendered | None

    @property
    def pk(self) -> int:
        return self.request.pk

    @property
    def url(self) -> str:
        """The address of the status page that opens without the code."""
        return status_url(self.link)


def submit(new: NewRequest, *, now: int) -> Receipt:
    """Take a request of somebody without an account. Raises Unusable."""
    return take(new, actor=REQUESTER, now=now)


def enter(new: NewRequest, *, actor: Actor, now: int) -> Receipt:
    """Enter a request that came to the counter, by telephone or on paper. Raises NotPermitted, Unusable."""
    guard.require(actor, "records.work", now=now)
    return take(new, actor=actor, now=now)


def take(new: NewRequest, *, actor: Actor, now: int) -> Receipt:
    """Take a request, for a verb that has asked the guard. Raises Unusable."""
    text = new.text.replace("\0", "").strip()
    if not text:
        raise field_error("text", sentence("Write what you ask for."))
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise field_error("text", sentence("Shorten it: at most a million letters, or send the long part by mail."))
    at, code, link = from_ms(now), receipts.new_code(), receipts.new_link()
    received = from_ms(new.received) if new.received else at
    pack, data = in_force(local_day(received)), installation()
    with transaction.atomic():
        row = Request.objects.create(
            number=_next_number(at),
            receipt=receipts.code_digest(data, code),
            link=receipts.link_digest(data, link),
            intake=new.intake,
            capture=new.capture,
            oral=new.oral,
            self_request=new.self_request,
            incarcerated=new.incarcerated,
            text=text,
            title=" ".join(masked(new.title).split())[:200],
            language=new.language,
            law=pack.name if pack else "",
            law_version=pack.version if pack else "",
            entered=None if actor.machine else acting_person(actor),
            custodian=custodians.custodian(at),
            received=received,
            due=pack.due("respond", local_day(received)) if pack else None,
            since=at,
        )
        facts = {"intake": row.intake, "oral": int(row.oral), "capture": row.capture, "confidential": int(has_number(text))}
        entries.enter("records.receive", actor=actor, reason="", now=now, object=object_of(row), facts=facts)
        _keep_contact(row, new.contact, pack)
        letter = _acknowledged(row, pack, new.contact.email, code, link, now)
    with suppress(LeaseHeld, NotRecorded):  # the worker then places the hold
        holds.place_for(row, actor=actor, now=now)
    return Receipt(row, code, link, letter)


def status_url(link: str) -> str:
    """The whole address of a status page."""
    return f"{settings.CITY.web.pages}{reverse('public-records-follow', args=[link])}"


def contact_until(pack: LawPack | None, since: date) -> date:
    """The day on which contact data is deleted, counted from the end of the request."""
    period = next((p for p in pack.periods if p.id == "requester-contact"), None) if pack is not None else None
    years, days = (period.years, period.days) if period is not None else (_YEARS_KEPT, 0)
    return since + timedelta(days=366 * years + days)


def _next_number(at: datetime) -> str:
    """The next number of this year, whose row stays locked until the transaction ends."""
    year = timezone.localtime(at).year
    RequestYear.objects.get_or_create(year=year)
    counter = RequestYear.objects.select_for_update().get(year=year)
    counter.last += 1
    counter.save(update_fields=["last"])
    return f"PR-{year}-{counter.last:05}"


def _keep_contact(row: Request, given: ContactData, pack: LawPack | None) -> None:
    if given.is_empty():
        return
    Contact.objects.create(
        request=row,
        name=given.name[:200],
        email=given.email[:254],
        phone=given.phone[:40],
        postal=given.postal[:400],
        delivery=given.delivery,
        until=contact_until(pack, local_day(row.received)),
    )


def _acknowledged(row: Request, pack: LawPack | None, email: str, code: str, link: str, now: int) -> Rendered | None:
    """The acknowledgment; None where the law pack cannot make it, because no request is refused for that."""
    if pack is None:
        return None
    try:
        return _acknowledge(row, pack, email, code, link, now)
    except (IncompleteLetter, NotInPack) as error:
        log.error("a request was not acknowledged", request=row.number, error=str(error))
        return None


def _acknowledge(row: Request, pack: LawPack, email: str, code: str, link: str, now: int) -> Rendered:
    """Make the acknowledgment, and send it if there is an address. The ledger, whose checkpoints are signed, has its hash."""
    kind = pack.letter("acknowledge").id
    language = row.language if row.language in pack.letter(kind).text else pack.languages[0]
    facts = {
        "number": row.number,
        "receipt-code": code,
        "received": local_day(row.received),
        "scope": masked(row.text[:MAX_QUOTED]),
        "custodian": row.custodian.display if row.custodian else settings.CITY.city.name,
        "contact": custodians.address() or settings.CITY.city.name,
        "next-date": row.due,
        "status-link": status_url(link),
    }
    letter = pack.render_letter(kind, facts, language)
    stored = letter.body.replace(code, HIDDEN_CODE).replace(link, HIDDEN_CODE)
    at = from_ms(now)
    Letter.objects.create(request=row, kind=kind, language=language, text=stored, state="sent", at=at, sent=at)
    Request.objects.filter(pk=row.pk).update(acknowledged=at)
    row.acknowledged = at
    digest = sha256(letter.body.encode()).hexdigest()
    entries.enter(
        "records.acknowledge", actor=machine("records"), reason="", now=now, object=object_of(row), facts={"sha256": digest}
    )
    if email and not _is_flooded(email, at):
        body = letter.body
        if row.intake == "web":  # anybody can name any address there: nobody sends words of their own to it by our mail
            with translation.override(language):
                body = pack.render_letter(kind, facts | {"scope": translate(YOUR_WORDS)}, language).body
        notify(notice_key(row.number, kind), email, letter.subject, body, now=at, reply_to=custodians.address())
    return letter


def _is_flooded(email: str, at: datetime) -> bool:
    """Whether more requests name this address than one person makes in a day; the receipt has the letter all the same."""
    same = Contact.objects.filter(email__iexact=email, request__received__gt=at - timedelta(days=1), request__received__lte=at)
    return same.count() > MAX_MAILED


def notice_key(number: str, kind: str) -> str:
    """The key of a letter's notice, from which its Message-ID follows."""
    return f"request:{number}:{kind}"
