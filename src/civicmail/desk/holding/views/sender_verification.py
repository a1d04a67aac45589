"""Sender verification: ask the claimed sender of a message, and answer ("/mail/ID/verify/", "/verify/TOKEN/" of the warning banner,
"/verified/TOKEN/" of the question)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache

from civicmail.city.directory.models import Mailbox, Person
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, NotRecorded, Unusable
from civicmail.city.guard.models import Account
from civicmail.city.guard.permits import Permit
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.notices import signed_links
from civicmail.city.notices.errors import BadLink
from civicmail.city.pages import act_pages
from civicmail.city.pages.city_request import CityRequest, acting
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.forms import text_field
from civicmail.city.pages.page import Page
from civicmail.city.pages.states import Label
from civicmail.city.pages.wording import translate
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.message import message_parser
from civicmail.core.message.filter_verdicts import header_of
from civicmail.desk.holding import queries as holding
from civicmail.desk.holding import verification_channels
from civicmail.desk.holding.actions import containment
from civicmail.desk.holding.actions import sender_verification as verbs
from civicmail.desk.holding.acts.sender_verifications import VERIFY_SENDER
from civicmail.desk.holding.models import Verification
from civicmail.desk.holding.proven_senders import find_earlier
from civicmail.desk.holding.verification_channels import Channel, Claim
from civicmail.desk.holding.verification_states import WORDS
from civicmail.desk.mailbox import queries
from civicmail.desk.mailbox.scope import OwnMail
from civicmail.desk.mailbox.views.opened_message import OpenedMessage, crumbs
from civicmail.desk.viewer.queries import store
from civicmail.desk.viewer.store import NotIndexed
from civicmail.mail.archive.records import Capture
from civicmail.mail.screening import correspondents
from civicmail.mail.screening.correspondents import Correspondents

OWN_SOURCES = frozenset({"submission", "local"})
PEER_SOURCES = frozenset({"relay", "journal"})
"""Another mail system of the city's, which has asserted whose it is."""


class AnswerForm(forms.Form):
    """The form for the answer; nothing is preselected."""

    answer = forms.ChoiceField(
        label=gettext_lazy("Did you write it?"),
        choices=[("yes", gettext_lazy("Yes, I wrote it")), ("no", gettext_lazy("No, it is not from me"))],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose an answer.")},
    )
    said = text_field(gettext_lazy("Anything to add?"), max_length=verbs.MAX_REMARK, rows=2, required=False)


@dataclass(frozen=True, slots=True)
class VerificationCase:
    """One message, the requester, and the address to ask. own: a colleague's account itself sent it, so that asking there proves
    nothing; asserted: a peer asserts the sender, without a sign-in here; asked: the question, if there is one."""

    capture: Capture
    claim: Claim
    by: Channel | None
    own: bool
    asserted: bool = False
    asked: Verification | None = None


@acting("sender.verify")
def ask(request: CityRequest, id: uuid.UUID) -> HttpResponse:
    """Show who would be asked about a message in one's mail, the question, and the answer."""
    case = act_pages.permitted_row(VERIFY_SENDER, request, id)
    if request.method == "POST" and case.asked is None and case.by is None:
        return redirect("mail-verify", id=id)
    if request.method == "POST":
        return act_pages.respond_to_button(request, VERIFY_SENDER, case, reverse("mail-verify", args=[id]), shown=())
    back = reverse("mail-message", args=[id])
    up = [*crumbs(), (gettext("Message"), back)]
    page = Page(gettext("Sender verification"), gettext("Verify"), up, _state(case.asked))
    return _show(request, case, case.asked, page, back)


@never_cache
def ask_by_link(request: CityRequest, token: str) -> HttpResponse:
    """The same by the link in the warning banner of a delivered copy: the link names the copy, whose mailbox gets the answer."""
    now, data = epoch_ms(request.now), Path(str(settings.DATA))
    page = Page(gettext("Sender verification"), gettext("Verify"))
    try:
        token_data = signed_links.read(data, "verify", token, now)
        capture, person, actor, case = _by_link(request, token_data.capture, token_data.index, now)
    except BadLink as error:
        return render(request, "holding/verify.html", {"page": page, "gone": translate(error.args[0])}, status=error.http)
    row = Verification.objects.filter(capture=capture.uuid, asker=person).first()
    if request.method == "POST" and row is None and case.by is not None:
        row = verbs.ask(
            uuid.UUID(capture.uuid), capture.received, case.claim.address, case.by, asker=person, actor=actor,
            reason="asked by the link in the copy", now=now,
        )  # fmt: skip
    page = Page(gettext("Sender verification"), gettext("Verify"), state=_state(row))
    return _show(request, case, row, page, "", hidden=True)


@never_cache
def answer(request: CityRequest, token: str) -> HttpResponse:
    """Take the answer of the person asked: once, without an account. Opening the page answers nothing, so that no link scanner
    does."""
    now, data = epoch_ms(request.now), Path(str(settings.DATA))
    title = gettext("Did you write this message?")
    try:
        row = verbs.by_link(data, token, now)
    except BadLink as error:
        gone = {"page": Page(title), "gone": translate(error.args[0])}
        return render(request, "holding/verified.html", gone, status=error.http)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        cleaned = form.cleaned_data
        if run_verb(form, lambda: verbs.answer(row, cleaned["answer"], cleaned["said"], now=now)) is not None:
            return redirect(request.path)
    row.refresh_from_db()
    at = int.from_bytes(uuid.UUID(row.capture).bytes[:6])  # ms, as the id of a capture begins
    who, from_, received = gettext("Asked by"), gettext("It says it is from"), gettext("It came")
    page = Page(title, facts=[(who, row.asker.display), (from_, row.claimed), (received, from_ms(at))])
    return render(request, "holding/verified.html", {"page": page, "form": form, "row": row}, status=status_of(form))


def _show(
    request: CityRequest, case: VerificationCase, row: Verification | None, page: Page, back: str, *, hidden: bool = False
) -> HttpResponse:
    """Show the page. hidden: the address asked is not shown, because any holder of the link may be looking."""
    phone = _phone(case) if not hidden else ""
    shown = {"page": page, "case": case, "row": row, "back": back, "hidden": hidden, "phone": phone}
    return render(request, "holding/verify.html", shown)


def case_for(message: OpenedMessage, reader: str, now: int) -> VerificationCase:
    """The case of a message of one's own. reader: uid."""
    case = _case(message.capture, message.archive.body(message.permit, message.place), message.permit, message.mine, reader, now)
    return replace(case, asked=Verification.objects.filter(capture=message.id, asker__uid=reader).first())


def _case(capture: Capture, body: bytes, permit: Permit, mine_: OwnMail, reader: str, now: int) -> VerificationCase:
    claim = verification_channels.claim_of(message_parser.parse(header_of(body) or b""), capture.envelope.sender)
    domains = frozenset(settings.CITY.city.domains)
    if capture.source.kind in OWN_SOURCES | PEER_SOURCES and claim.address.rpartition("@")[2] in domains:
        return VerificationCase(capture, claim, None, True, capture.source.kind in PEER_SOURCES)
    try:
        earlier = find_earlier(queries.desk(permit, mine_, now=now), capture.received, _known())
        by = verification_channels.find_channel(claim, reader, containment.snapshot(), domains, earlier)
    except NotIndexed:
        by = verification_channels.find_channel(claim, reader, containment.snapshot(), domains, lambda *_: ())
    return VerificationCase(capture, claim, by, False)


def _known() -> Correspondents | None:
    try:
        return correspondents.read(Path(str(settings.DATA)))
    except FileNotFoundError:
        return None
    except (DamagedFile, OSError):
        return Correspondents()


def _by_link(request: CityRequest, id_: bytes, index: int, now: int) -> tuple[Capture, Person, Any, VerificationCase]:
    """The case of a link. Raises BadLink if the copy has no owner any more."""
    archive = store().archive()
    place = archive.place(id_)
    if place is None:
        raise BadLink
    try:
        box = _box(id_, index)
        person = box.holder if box is not None else None
        account = Account.objects.select_related("person").filter(person=person).first() if person is not None else None
        if account is None or person is None:
            raise BadLink(gettext("Open the message in My mail and choose Verify there."))
        actor = actor_of(account, request.actor.client, now)
        permit, mine_ = queries.own_mail(actor, now=now)
        capture = archive.capture(permit, place)
        return capture, person, actor, _case(capture, archive.body(permit, place), permit, mine_, person.uid, now)
    except (NotPermitted, NotRecorded, Conflict, Unusable):
        raise BadLink(gettext("Open the message in My mail and choose Verify there.")) from None


def _box(id_: bytes, index: int) -> Mailbox | None:
    """The mailbox that a copy is for."""
    capture, _ = holding.held_copies().record(id_)
    to = capture.envelope.recipients
    if index >= len(to):
        return None
    address = (to[index].box or to[index].address).lower()
    return Mailbox.objects.select_related("holder").filter(address=address, kind="personal").first()


def _phone(case: VerificationCase) -> str:
    """The colleague's phone number in the directory: another way to ask."""
    address = case.by.address if case.by is not None and case.by.inside else case.claim.address if case.own else ""
    holder = Mailbox.objects.filter(address=address).values_list("holder__phone", flat=True).first() if address else ""
    return holder or ""


def _state(row: Verification | None) -> Label | None:
    return WORDS[row.state] if row is not None else None
