"""Writing: who gets what, and what will happen? A new message, an answer, a forward; drafts outlive a crash (P-06, P-14, P-22).

Everything is one form with several buttons, and each of them saves first: whatever is typed is there again afterwards. The page
works without script; with it the draft is saved while somebody writes, and names are offered.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.errors import Conflict, Unusable
from civicmail.city.access.resources import OfPerson
from civicmail.city.access.views import wording
from civicmail.city.access.views.city_request import CityRequest as Request
from civicmail.city.access.views.city_request import acting, require
from civicmail.city.access.views.form_verb import status_of
from civicmail.city.access.views.page import Action, Page
from civicmail.desk.mailbox import recipients
from civicmail.desk.mailbox.actions import drafting, submitting
from civicmail.desk.mailbox.actions.drafting import Answers, New
from civicmail.desk.mailbox.actions.sending import Plain
from civicmail.desk.mailbox.forecast import Foreseen
from civicmail.desk.mailbox.models import Draft, DraftFile, Outgoing, addressbook, senders
from civicmail.desk.mailbox.models.senders import Sender
from civicmail.desk.mailbox.trueness import looked_at
from civicmail.desk.mailbox.views import answers, foretelling
from civicmail.desk.mailbox.views.answers import Beginning
from civicmail.desk.mailbox.views.one import crumbs
from civicmail.desk.mailbox.views.writingforms import Write, initial_of
from civicmail.mail.pipeline import encryption_requests

AUTOSAVE = "autosave"


@dataclass
class Desk:
    """What the page is made of. row: the draft, None while nothing is saved; other: what another window has saved meanwhile."""

    request: Request
    uid: uuid.UUID
    senders: Sequence[Sender]
    form: Write
    row: Draft | None = None
    begun: Beginning = field(default_factory=Beginning)
    panel: foretelling.Panel | None = None
    other: Draft | None = None
    note: str = ""
    saved: bool = False

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
        """What stands under the text, whoever writes."""
        mailbox = self.form["mailbox"].value() or (self.senders[0].address if self.senders else "")
        block = senders.block(self.request.actor, str(mailbox), now=epoch_ms(self.request.now))
        return "\n".join(part for part in (block, senders.lines_of(self.request.actor)) if part)

    @property
    def most(self) -> int:
        return submitting.files_most()


@acting("my.write")
def write(request: Request) -> HttpResponse:
    """?re=ID&how=reply, all or forward: an answer; ?to=ADDRESS: a message to somebody. Nothing is saved by looking."""
    require(request, "my.write", OfPerson(request.actor.uid))
    found = senders.senders(request.actor, now=epoch_ms(request.now))
    begun = answers.beginning(request, request.GET.get("re", ""), request.GET.get("how", ""))
    start = {"mailbox": _from(found, begun), "version": 0, **begun.initial}
    if not begun.initial and (to := recipients.address_of(request.GET.get("to", ""))):
        start["to"] = recipients.line(addressbook.with_names(recipients.typed(to).named))
    submitting.submission().warm()  # while somebody writes, what looks into messages starts
    desk = Desk(request, uuid.uuid4(), found, Write(initial=start, senders=found), begun=begun)
    return shown(desk)


@acting("my.write")
def draft(request: Request, uid: uuid.UUID) -> HttpResponse:
    """A draft of one's own; ?check=1 with what would happen to it."""
    require(request, "my.write", OfPerson(request.actor.uid))
    now = epoch_ms(request.now)
    row = Draft.objects.filter(uid=uid, person__uid=request.actor.uid).first()
    if row is None and Draft.objects.filter(uid=uid).exists():
        raise Http404
    if (given := _given(request, uid, row)) is not None:
        return given
    found = senders.senders(request.actor, now=now)
    if request.method == "POST":
        return _posted(Desk(request, uid, found, Write(request.POST, request.FILES, senders=found), row))
    if row is None:
        raise Http404
    desk = Desk(request, uid, found, Write(initial=initial_of(row), senders=found), row)
    if request.GET.get("check"):
        desk.form = Write(initial_of(row), senders=found)
        foreseen(desk)
    return shown(desk)


def _given(request: Request, uid: uuid.UUID, row: Draft | None) -> HttpResponse | None:
    """Where the message that was made of this draft waits, or went; None while it is a draft."""
    states = ["waiting", "sending"] if row is not None else ["waiting", "sending", "sent"]
    out = Outgoing.objects.filter(draft=uid, person__uid=request.actor.uid, state__in=states).defer("content").first()
    return redirect("mail-outgoing", out.uid) if out is not None else None


def _posted(desk: Desk) -> HttpResponse:
    """Save it, then do what the button says."""
    request, form = desk.request, desk.form
    do = request.POST.get("do", "save")
    if not desk.senders or not form.is_valid():
        return shown(desk, part=do == AUTOSAVE)
    try:
        _save(desk, do)
    except Conflict:
        return _stale(desk, part=do == AUTOSAVE)
    except Unusable as error:
        for name, said in (error.fields or {"text": error.args[0]}).items():
            form.add_error(name if name in form.fields else None, wording.translate(said))
        return shown(desk, part=do == AUTOSAVE)
    if do == AUTOSAVE:
        desk.saved = True
        return shown(desk, part=True)
    if form.errors:
        return shown(desk)
    return _done(desk, do)


def _save(desk: Desk, do: str) -> None:
    """Text, somebody added, files added or taken out. Raises Conflict, Unusable."""
    request, form = desk.request, desk.form
    actor, now = request.actor, epoch_ms(request.now)
    written, uploaded = form.written, [] if do == AUTOSAVE else form.cleaned_data["file"]
    if do != AUTOSAVE and (who := form.cleaned_data["who"]):
        written = _with(desk, written, who)
    if do == "secure" and not encryption_requests.is_word_in(written.subject):
        written = replace(written, subject=f"{encryption_requests.WORD} {written.subject}".strip())
    version = form.cleaned_data["version"]
    if desk.row is None:
        begun = answers.beginning(request, str(form.cleaned_data["source"] or ""), form.cleaned_data["how"])
        kept = begun.taken(request.POST.getlist("keep"))
        desk.row = drafting.save(
            desk.uid, written, version=0, actor=actor, now=now, answers=begun.answers or Answers(), files=kept, most=desk.most
        )
    else:
        desk.row = drafting.save(desk.uid, written, version=version, actor=actor, now=now)
    if uploaded:
        desk.row = drafting.attach(desk.row, _looked(uploaded, desk.most), most=desk.most, actor=actor, now=now)
    if do.startswith("remove:") and do[7:].isdecimal() and len(do) < 20:
        desk.row = drafting.remove(desk.row, [int(do[7:])], actor=actor, now=now)


def _looked(uploaded: Sequence[Any], most: int) -> list[New]:
    """The files with their true types; what is too large in any case is not even read. Raises Unusable."""
    size = sum(file.size for file in uploaded)
    if size > most:
        raise drafting.too_large(size, most)
    return [looked_at(file.name or "", file.read()) for file in uploaded]


def _with(desk: Desk, written: drafting.Written, who: str) -> drafting.Written:
    """With somebody whom the person has named: an address, or a name that one alone has."""
    name = desk.form.cleaned_data["field"] or "to"
    said = recipients.typed(who)
    found = [*said.named]
    for words in said.names:
        entries = addressbook.named(words) or addressbook.search(words, most=2)
        if len(entries) != 1:
            desk.form.add_error("who", gettext("Choose one in the address book: several fit, or nobody does."))
            return written
        found.append(entries[0].named)
    if said.wrong:
        desk.form.add_error("who", gettext("“{words}” is no address.").format(words=said.wrong[0]))
        return written
    return replace(written, **{name: recipients.added(getattr(written, name), addressbook.with_names(found))})


def _done(desk: Desk, do: str) -> HttpResponse:
    """Where a button leads when everything is saved."""
    here = reverse("mail-draft", args=[desk.uid])
    if do in ("send", "secure", "plain", "check"):
        return _sent(desk, plain=do == "plain") if do != "check" else redirect(f"{here}?check=1#check")
    if do == "pick":
        return redirect("mail-draft-people", desk.uid)
    if do == "save":
        messages.success(desk.request, gettext("The draft is saved."))
    return redirect(here if do == "save" else f"{here}#files" if desk.request.FILES or do.startswith("remove") else here)


def _sent(desk: Desk, *, plain: bool = False) -> HttpResponse:
    """Whoever sends has seen what would happen: at once where it is simply delivered, else after the panel was shown."""
    row, actor, now = desk.row, desk.request.actor, epoch_ms(desk.request.now)
    assert row is not None, "it was saved"
    found = foreseen(desk)
    if found is None or found.refused:
        return shown(desk, 422)
    if not found.is_calm and desk.request.POST.get("seen") != found.digest(row.version):
        return redirect(f"{reverse('mail-draft', args=[desk.uid])}?check=1#check")
    sealed = found.encrypted if plain else ()
    aside = Plain(desk.request.POST.get("plain", ""), found.sealing, len(sealed))
    try:
        out = submitting.give(row, submitting.gathered(row), actor=actor, now=now, plain=aside if sealed else None)
    except Conflict:
        return _stale(desk)
    except Unusable as error:
        desk.form.add_error(None, wording.translate(error.args[0]))
        return shown(desk, 422)
    return redirect("mail-outgoing", out.uid)


def foreseen(desk: Desk) -> Foreseen | None:
    """What would happen to the draft, as a panel; None where its recipients cannot be asked about, which the form says."""
    assert desk.row is not None
    actor, now = desk.request.actor, epoch_ms(desk.request.now)
    if not any(s.address == desk.row.mailbox for s in desk.senders):
        desk.form.add_error("mailbox", gettext("This mailbox is not yours to send from any more: choose one of yours."))
        return None
    to = submitting.gathered(desk.row)
    for name, said in to.wrong.items():
        desk.form.add_error(name, wording.translate(said))
    if to.wrong:
        return None
    found = submitting.foretell(desk.row, to, actor=actor, now=now)
    desk.panel = foretelling.panel(found, desk.row.version)
    return found


def _named(form: Write) -> None:
    """A draft may be without them, and a message is not: they are not called optional. What is wrong was found before."""
    assert form.errors is not None
    for name in ("to", "subject", "text"):
        form.fields[name].required = True


def _stale(desk: Desk, *, part: bool = False) -> HttpResponse:
    """Somebody was faster, in another window: both are shown, and what was typed here is in the form."""
    desk.other = Draft.objects.filter(uid=desk.uid, person__uid=desk.request.actor.uid).first()
    desk.row = desk.other
    if part:
        desk.note = gettext("It was changed in another window, so this is not saved. Save the draft to see both.")
        return shown(desk, part=True)
    data = desk.request.POST.copy()
    data["version"] = str(desk.version)
    desk.form = Write(data, senders=desk.senders)
    said = gettext("It was changed in another window. Your text is kept below; what the other window has saved stands under it.")
    desk.form.add_error(None, said)
    desk.form.stale = True  # type: ignore[attr-defined]  # read by status_of
    return shown(desk)


def _from(found: Sequence[Sender], begun: Beginning) -> str:
    """The mailbox that an answer is from: to which the message came, where that is one to send from."""
    mine = [s.address for s in found]
    return next((a for a in begun.to_mine if a in mine), mine[0] if mine else "")


def shown(desk: Desk, status: int = 0, *, part: bool = False) -> HttpResponse:
    """The page; part: the region that script puts in place after it has saved."""
    how = desk.row.how if desk.row is not None else str(desk.begun.initial.get("how", ""))
    said = {"reply": gettext("Answer a message"), "all": gettext("Answer everybody"), "forward": gettext("Forward a message")}
    actions = [Action(gettext("Drafts"), reverse("mail-drafts")), Action(gettext("Signature"), reverse("mail-signature"))]
    page = Page(said.get(how, gettext("Write a message")), gettext("My mail"), crumbs(), actions=actions)
    _named(desk.form)
    name = "mailbox/kept.html" if part else "mailbox/write.html"
    values = {"page": page, "form": desk.form, "desk": desk, "part": part}
    response = render(desk.request, name, values, status=200 if part else status or status_of(desk.form))
    response["Cache-Control"] = "private, no-store"
    return response
