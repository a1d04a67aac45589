"""The write page: a new message, a reply, a forward; drafts survive a crash (P-06, P-14, P-22).

The page is one form with several buttons, each of which saves first, so that no typed text is lost. The page works without script;
with it the draft is saved while the person writes, and names are suggested.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.city.guard.resources import OfPerson
from civicmail.city.pages import wording
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.city.pages.city_request import acting, require
from civicmail.city.pages.form_verb import status_of
from civicmail.city.pages.page import Action, Page
from civicmail.desk.mailbox import recipients
from civicmail.desk.mailbox.actions import edit_drafts, submit_draft
from civicmail.desk.mailbox.actions.edit_drafts import NewFile, ReplyTo
from civicmail.desk.mailbox.actions.send_message import UnencryptedChoice
from civicmail.desk.mailbox.draft_file_type import with_file_type
from civicmail.desk.mailbox.forecast import Forecast
from civicmail.desk.mailbox.models import Draft, DraftFile, Outgoing, addressbook, senders
from civicmail.desk.mailbox.models.senders import Sender
from civicmail.desk.mailbox.pending_decisions import file_approvers
from civicmail.desk.mailbox.views import address_book, forecast_panel, reply_form
from civicmail.desk.mailbox.views.list_steps import folders_of, list_url, query_of
from civicmail.desk.mailbox.views.opened_message import crumbs
from civicmail.desk.mailbox.views.reply_form import ReplyDraft
from civicmail.desk.mailbox.views.write_forms import Write, initial_of
from civicmail.mail.pipeline import encryption_requests

AUTOSAVE = "autosave"
CHOICE = "which"
"""Begins the name of an answer to a Choice: which:to:Street."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Words of a field that fit several entries of the address book. name: of the answer in the form; options: lines of the field,
    with what tells them apart."""

    name: str
    words: str
    options: list[tuple[str, str]]


@dataclass
class WritePage:
    """The data of the page. row: the draft, None while nothing is saved; other: the content saved meanwhile by another window;
    came_from: query string of the list; choices: questions about recipients."""

    request: Request
    uid: uuid.UUID
    senders: Sequence[Sender]
    form: Write
    row: Draft | None = None
    begun: ReplyDraft = field(default_factory=ReplyDraft)
    panel: forecast_panel.Panel | None = None
    other: Draft | None = None
    came_from: str = ""
    note: str = ""
    saved: bool = False
    choices: list[Choice] = field(default_factory=list)

    def address(self, **query: str) -> str:
        """The address of the draft."""
        fields = {**query, **({"list": self.came_from} if self.came_from else {})}
        return reverse("mail-draft", args=[self.uid]) + (f"?{urlencode(fields)}" if fields else "")

    @property
    def files(self) -> list[DraftFile]:
        return list(self.row.files.defer("content")) if self.row is not None else []

    @property
    def coming(self) -> Sequence[Any]:
        """Files of the message that is forwarded, of which none is saved yet."""
        return self.begun.files if self.row is None else ()

    @property
    def version(self) -> int:
        return self.row.version if self.row is not None else 0

    @property
    def foot(self) -> str:
        """The text below the message, for every writer."""
        mailbox = self.form["mailbox"].value() or (self.senders[0].address if self.senders else "")
        block = senders.identification_block(self.request.actor, str(mailbox), now=epoch_ms(self.request.now))
        return "\n".join(part for part in (block, senders.signature_lines(self.request.actor)) if part)

    @property
    def approvers(self) -> str:
        """Who approves the files, if they need it; "" where all recipients are in the city."""
        assert self.row is not None, "it has files"
        typed = self.row.to, self.row.cc, self.row.bcc
        if any(typed) and not recipients.outside_addresses(typed, settings.CITY.city.domains):
            return ""
        return file_approvers(self.request.actor, self.row.mailbox, epoch_ms(self.request.now))

    @property
    def most(self) -> int:
        return submit_draft.max_files_bytes()


@acting("my.write")
def write(request: Request) -> HttpResponse:
    """?re=ID&how=reply, all or forward: a reply; ?to=ADDRESS: a message to an address. GET saves nothing."""
    require(request, "my.write", OfPerson(request.actor.uid))
    own_senders = senders.senders(request.actor, now=epoch_ms(request.now))
    begun = reply_form.reply_draft(request, request.GET.get("re", ""), request.GET.get("how", ""))
    start = {"mailbox": _from(own_senders, begun), "version": 0, **begun.initial}
    if not begun.initial and (to := recipients.address_of(request.GET.get("to", ""))):
        start["to"] = recipients.line(addressbook.with_names(recipients.parse_typed(to).named))
    submit_draft.submission().warm()  # start the readers for messages meanwhile
    form = Write(initial=start, senders=own_senders)
    return shown(WritePage(request, uuid.uuid4(), own_senders, form, begun=begun, came_from=query_of(request) or ""))


@acting("my.write")
def draft(request: Request, uid: uuid.UUID) -> HttpResponse:
    """A draft of one's own; ?check=1 with what would happen to it."""
    require(request, "my.write", OfPerson(request.actor.uid))
    now = epoch_ms(request.now)
    row = Draft.objects.filter(uid=uid, person__uid=request.actor.uid).first()
    if row is None and Draft.objects.filter(uid=uid).exists():
        raise Http404
    if (given := _new_draft(request, uid, row)) is not None:
        return given
    own_senders = senders.senders(request.actor, now=now)
    if request.method == "POST":
        form = Write(_with_choices(request.POST), request.FILES, senders=own_senders)
        return _posted(WritePage(request, uid, own_senders, form, row, came_from=request.POST.get("list", "")[:2000]))
    if row is None:
        raise Http404
    form = Write(initial=initial_of(row), senders=own_senders)
    desk = WritePage(request, uid, own_senders, form, row, came_from=query_of(request) or "")
    if request.GET.get("check"):
        desk.form = Write(initial_of(row), senders=own_senders)
        show_forecast(desk)
    return shown(desk)


def _new_draft(request: Request, uid: uuid.UUID, row: Draft | None) -> HttpResponse | None:
    """The page of the message made from this draft; None while it is a draft."""
    states = ["waiting", "sending"] if row is not None else ["waiting", "sending", "sent"]
    out = Outgoing.objects.filter(draft=uid, person__uid=request.actor.uid, state__in=states).defer("content").first()
    return redirect("mail-outgoing", out.uid) if out is not None else None


def _posted(desk: WritePage) -> HttpResponse:
    """Save the draft, then perform the button's act."""
    request, form = desk.request, desk.form
    do = request.POST.get("do", "save")
    is_of_files = do == "attach" or do.startswith("remove:")
    part = do == AUTOSAVE or (is_of_files and request.headers.get("HX-Request-Type") == "partial")
    if not desk.senders or not form.is_valid():
        return shown(desk, part=part)
    try:
        _save(desk, do)
    except Conflict:
        return _stale(desk, part=part)
    except Unusable as error:
        for name, text in (error.fields or {"text": error.args[0]}).items():
            form.add_error(name if name in form.fields else None, wording.translate(text))
        return shown(desk, part=part)
    if part:
        return shown(desk, part=True)
    if form.errors:
        return shown(desk)
    return _done(desk, do)


def _save(desk: WritePage, do: str) -> None:
    """Save text, added recipients, added and removed files. Raises Conflict, Unusable."""
    request, form = desk.request, desk.form
    actor, now = request.actor, epoch_ms(request.now)
    written, uploaded = form.written, [] if do == AUTOSAVE else form.cleaned_data["file"]
    if do == "secure" and not encryption_requests.is_word_in(written.subject):
        written = replace(written, subject=f"{encryption_requests.WORD} {written.subject}".strip())
    version = form.cleaned_data["version"]
    if desk.row is None:
        begun = reply_form.reply_draft(request, str(form.cleaned_data["source"] or ""), form.cleaned_data["how"])
        kept = begun.take_files(request.POST.getlist("keep"))
        desk.row = edit_drafts.save(
            desk.uid, written, version=0, actor=actor, now=now, answers=begun.answers or ReplyTo(), files=kept, max_bytes=desk.most
        )
    else:
        desk.row = edit_drafts.save(desk.uid, written, version=version, actor=actor, now=now)
    desk.saved = True
    if uploaded:
        desk.row = edit_drafts.attach(desk.row, _looked(uploaded, desk.most), max_bytes=desk.most, actor=actor, now=now)
    if do.startswith("remove:") and do[7:].isdecimal() and len(do) < 20:
        desk.row = edit_drafts.remove(desk.row, [int(do[7:])], actor=actor, now=now)


def _looked(uploaded: Sequence[Any], most: int) -> list[NewFile]:
    """The files with their true types; what is too large in any case is not even read. Raises Unusable."""
    size = sum(file.size for file in uploaded)
    if size > most:
        raise edit_drafts.files_too_large(size, most)
    return [with_file_type(file.name or "", file.read()) for file in uploaded]


def _with_choices(posted: QueryDict) -> QueryDict:
    """The form with the recipients that were chosen for unclear words (show_forecast)."""
    data = posted.copy()
    for key, line in posted.items():
        kind, _, rest = key.partition(":")
        name, _, words = rest.partition(":")
        if kind == CHOICE and name in submit_draft.FIELDS:
            data[name] = recipients.choose(data.get(name, ""), words, str(line))
    return data


def _done(desk: WritePage, do: str) -> HttpResponse:
    """The page after a button, when everything is saved."""
    here = desk.address()
    if do in ("send", "secure", "plain", "check"):
        return _sent(desk, plain=do == "plain") if do != "check" else redirect(f"{desk.address(check='1')}#check")
    if do == "pick":
        return redirect("mail-draft-people", desk.uid)
    if do == "save":
        messages.success(desk.request, gettext("The draft is saved."))
    return redirect(here if do == "save" else f"{here}#files" if desk.request.FILES or do.startswith("remove") else here)


def _sent(desk: WritePage, *, plain: bool = False) -> HttpResponse:
    """Send after the forecast: immediately if nothing in it is new to the sender, else after the panel was shown."""
    row, actor, now = desk.row, desk.request.actor, epoch_ms(desk.request.now)
    assert row is not None, "it was saved"
    forecast = show_forecast(desk)
    if forecast is None or forecast.refused:
        return shown(desk, 422)
    is_expected = forecast.is_expected(approval="approval" in desk.request.POST)
    if not is_expected and desk.request.POST.get("seen") != forecast.digest(row.version):
        return redirect(f"{desk.address(check='1')}#check")
    encrypted = forecast.encrypted if plain else ()
    aside = UnencryptedChoice(desk.request.POST.get("plain", ""), forecast.encrypting_rules, len(encrypted))
    try:
        submit_draft.send_draft(row, submit_draft.gather_recipients(row), actor=actor, now=now, plain=aside if encrypted else None)
    except Conflict:
        return _stale(desk)
    except Unusable as error:
        desk.form.add_error(None, wording.translate(error.args[0]))
        return shown(desk, 422)
    return redirect(list_url(desk.came_from))


def show_forecast(desk: WritePage) -> Forecast | None:
    """The forecast of the draft as a panel; None if its recipients are invalid, which the form reports."""
    assert desk.row is not None
    actor, now = desk.request.actor, epoch_ms(desk.request.now)
    if not any(s.address == desk.row.mailbox for s in desk.senders):
        desk.form.add_error("mailbox", gettext("This mailbox is not yours to send from any more: choose one of yours."))
        return None
    to = submit_draft.gather_recipients(desk.row)
    for name, text in to.errors.items():
        desk.form.add_error(name, wording.translate(text))
    desk.choices = [
        Choice(f"{CHOICE}:{name}:{words}", words, [address_book.line_of(e.named, e) for e in entries])
        for (name, words), entries in to.unclear.items()
    ]
    if to.errors:
        return None
    found = submit_draft.forecast_draft(desk.row, to, actor=actor, now=now)
    desk.panel = forecast_panel.panel(found, desk.row.version)
    return found


def _named(form: Write) -> None:
    """Require recipients, which only a draft may lack, so the fields are not marked optional. Earlier errors take precedence."""
    assert form.errors is not None
    for name in ("to", "subject", "text"):
        form.fields[name].required = True


def _stale(desk: WritePage, *, part: bool = False) -> HttpResponse:
    """Somebody was faster, in another window: both are shown, and what was typed here is in the form."""
    desk.other = Draft.objects.filter(uid=desk.uid, person__uid=desk.request.actor.uid).first()
    desk.row = desk.other
    if part:
        desk.note = gettext("It was changed in another window, so this is not saved. Save the draft to see both.")
        return shown(desk, part=True)
    data = _with_choices(desk.request.POST)
    data["version"] = str(desk.version)
    desk.form = Write(data, senders=desk.senders)
    text = gettext("It was changed in another window. Your text is kept below; what the other window has saved stands under it.")
    desk.form.add_error(None, text)
    desk.form.stale = True  # type: ignore[attr-defined]  # read by status_of
    return shown(desk)


def _from(own_senders: Sequence[Sender], begun: ReplyDraft) -> str:
    """The mailbox that an answer is from: to which the message came, where that is one to send from."""
    mine = [s.address for s in own_senders]
    return next((a for a in begun.to_mine if a in mine), mine[0] if mine else "")


def shown(desk: WritePage, status: int = 0, *, part: bool = False) -> HttpResponse:
    """The page; part: the region that script puts in place after it has saved."""
    how = desk.row.how if desk.row is not None else str(desk.begun.initial.get("how", ""))
    titles = {"reply": gettext("Answer a message"), "all": gettext("Answer everybody"), "forward": gettext("Forward a message")}
    actions = [Action(gettext("Drafts"), reverse("mail-drafts")), Action(gettext("Signature"), reverse("mail-signature"))]
    page = Page(titles.get(how, gettext("Write a message")), gettext("My mail"), crumbs(), actions=actions)
    _named(desk.form)
    name = "mailbox/kept.html" if part else "mailbox/write.html"
    values = {"page": page, "form": desk.form, "desk": desk, "part": part}
    if not part and desk.panel is None:  # beside a forecast, which reads a lot, the page stays with the message
        values["folders"] = folders_of(desk.request)
    response = render(desk.request, name, values, status=200 if part else status or status_of(desk.form))
    response["Cache-Control"] = "private, no-store"
    return response
