"""One message of one's own, with its frame, its files and its source (desk/viewer).

A withheld copy has a page without content.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext

from civicmail.city.directory.models import Mailbox
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.permits import Permit
from civicmail.city.pages import wording
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.city.pages.city_request import acting
from civicmail.city.pages.page import Page
from civicmail.city.policy import rule_keys
from civicmail.city.policy.active_rules import active_or_starter
from civicmail.city.policy.dispositions import Facts, read_facts
from civicmail.desk.mailbox.delivery_outcomes import copy_outcomes, overall_outcome
from civicmail.desk.mailbox.mail_list import header_of
from civicmail.desk.mailbox.views import checks, invitation_cards, message_context, sent_panel, warnings, words
from civicmail.desk.mailbox.views.delivery import release_of, sent_state, shown_copies
from civicmail.desk.mailbox.views.list_steps import ListSteps, list_steps
from civicmail.desk.mailbox.views.opened_message import OpenedMessage, crumbs, open_message
from civicmail.desk.mailbox.views.thread import conversation
from civicmail.desk.mailbox.views.warnings import WRITTEN_HERE, WarningNote
from civicmail.desk.viewer import runs
from civicmail.desk.viewer.mail_states import COPIES
from civicmail.desk.viewer.queries import installation
from civicmail.desk.viewer.views import file_preview_page, message_pages
from civicmail.desk.viewer.views.message_pages import Links, SeenMessage
from civicmail.mail.archive.envelopes import Passage


@acting("my.mail")
def message(request: Request, id: uuid.UUID) -> HttpResponse:
    """Reading view, as sent, headers."""
    one = open_message(request, id)
    if one.eye == "shut":
        return _withheld_page(request, one)
    if sent_panel.is_poll(request):
        return sent_panel.part(request, one, state_of(one))
    aside, steps = message_context.opened(request, one), list_steps(request, one)
    return message_pages.message(
        request,
        _permit_of(one),
        one.place,
        links_of(one),
        whole=one.eye == "author",
        page=lambda seen: _page(one, seen, steps),
        template="mailbox/message.html",
        more=lambda seen: {**_more(request, one, seen, steps), "beside": aside, "card": invitation_cards.card_of(one)},
    )


@acting("my.mail")
def frame(request: Request, id: uuid.UUID) -> HttpResponse:
    one = _readable(request, id)
    return message_pages.frame(request, _permit_of(one), one.place, whole=one.eye == "author")


@acting("my.mail")
def part(request: Request, id: uuid.UUID) -> HttpResponse:
    """Download a part; if a mailbox invites files, from the page that shows the file as text."""
    one = _readable(request, id)
    if request.method != "POST" and (first := links_of(one).look):
        return redirect(f"{first}?{request.GET.urlencode()}")
    return message_pages.part(request, _permit_of(one), one.place, whole=one.eye == "author")


@acting("my.mail")
def look(request: Request, id: uuid.UUID) -> HttpResponse:
    """Show one file as text and drawn pages."""
    one = _readable(request, id)
    up = [*crumbs(), (gettext("Message"), reverse("mail-message", args=[one.id]))]

    def page(name: str) -> Page:
        return Page(gettext("File contents"), gettext("File"), up, facts=[(gettext("Name"), words.marked(name))])

    return file_preview_page.preview(request, _permit_of(one), one.place, links_of(one), whole=one.eye == "author", page=page)


@acting("my.mail")
def picture(request: Request, id: uuid.UUID) -> HttpResponse:
    """Send one drawn page of a file."""
    one = _readable(request, id)
    return file_preview_page.picture(request, _permit_of(one), one.place, whole=one.eye == "author")


@acting("my.mail")
def raw(request: Request, id: uuid.UUID) -> HttpResponse:
    """Download the whole message: as archived for its sender, as delivered for a recipient."""
    one = _readable(request, id)
    return message_pages.raw(request, _permit_of(one), one.place, whole=one.eye == "author")


def links_of(one: OpenedMessage) -> Links:
    view, frame_, part_, raw_ = (reverse(name, args=[one.id]) for name in ("mail-message", "mail-frame", "mail-part", "mail-raw"))
    if not _is_invited(one):
        return Links(view, frame_, part_, raw_)
    look_, picture_ = (reverse(name, args=[one.id]) for name in ("mail-look", "mail-picture"))
    return Links(view, frame_, part_, raw_, look=look_, picture=picture_)


def _is_invited(one: OpenedMessage) -> bool:
    """From outside, to a mailbox of mine that invited files then."""
    if one.eye != "given" or one.capture.source.kind not in ("mx", "lmtp"):
        return False
    mine = {p.box.lower() or p.address.lower() for p in shown_copies(one)} | {p.address.lower() for p in shown_copies(one)}
    return Mailbox.objects.filter(address__in=mine, files_until__gt=from_ms(one.capture.received)).exists()


def _readable(request: Request, id_: uuid.UUID) -> OpenedMessage:
    one = open_message(request, id_)
    if one.eye == "shut":
        raise Http404
    return one


def _permit_of(one: OpenedMessage) -> message_pages.PermitFor:
    """A permit for one's own mail, which leaves no entry."""

    def permit_for(_act: str, _facts: dict[str, Any]) -> Permit:
        return one.permit

    return permit_for


def _page(one: OpenedMessage, seen: SeenMessage, steps: ListSteps) -> Page:
    return Page(seen.subject, gettext("My mail"), [(gettext("My mail"), steps.up)], state_of(one))


def _answers(one: OpenedMessage, seen: SeenMessage, steps: ListSteps) -> list[tuple[str, str, str]]:
    """(icon, words, address) of each possible reply; the write page reports if the person may not send. Replies to the mail system
    are not read."""
    kinds = [("forward", "arrow_forward", gettext("Forward"))]
    if not _is_of_system(one):
        if len({p.address for p in (*seen.shown.from_, *seen.shown.to, *seen.shown.cc)}) > 2:
            kinds.insert(0, ("all", "groups", gettext("Reply to all")))
        kinds.insert(0, ("reply", "undo", gettext("Reply")))
    query = steps.up.partition("?")[2]
    tail = f"&{urlencode({'list': query})}" if query else ""
    return [(icon, words, f"{reverse('mail-write')}?re={one.id}&how={how}{tail}") for how, icon, words in kinds]


def _further(one: OpenedMessage, doubt: WarningNote | None) -> list[tuple[str, str]]:
    """(words, address) of what is behind "More"."""
    pages = [(words, url) for words, url in one.links()]
    if _is_of_system(one):
        return pages
    own = [(gettext("Flag as personal"), "mail-personal")]
    if one.eye == "given":
        check = [(gettext("Verify the sender"), "mail-verify"), (gettext("Report"), "mail-report")]
        own = [*([] if doubt else check), *own, (gettext("Make a request for records"), "mail-records-request")]
    return [*pages, *((words, reverse(name, args=[one.id])) for words, name in own)]


def _is_of_system(one: OpenedMessage) -> bool:
    """Whether it is a notice of ours, or a delivery report: by its source, not by its claims alone."""
    if one.capture.source.kind != WRITTEN_HERE:
        return False
    writers = header_of(one.archive.body(one.permit, one.place)).from_
    return any(writer.addr.lower().startswith("mailer-daemon@") for writer in writers)


def _more(request: Request, one: OpenedMessage, seen: SeenMessage, steps: ListSteps) -> Mapping[str, Any]:
    """own: for a shared mailbox, which of the person's mailboxes it was for; before, after: the conversation around it."""
    own = [p.box or p.address for p in shown_copies(one)] if one.eye == "given" else []
    doubt = warnings.warning(one, next(iter(seen.shown.from_), None))
    lines = [] if seen.path else conversation(one, epoch_ms(request.now)) or []
    at = next((n for n, line in enumerate(lines) if line.id == one.id), len(lines))
    shown = {"one": one, "own": list(dict.fromkeys(own)), "steps": steps, "doubt": doubt, "outside": warnings.is_outside(one)}
    shown["folders"] = steps.folders
    shown |= {
        "before": lines[:at],
        "after": lines[at + 1 :],
        "answers": _answers(one, seen, steps),
        "further": _further(one, doubt),
    }
    shown |= {"system": one.eye == "given" and one.capture.source.kind == WRITTEN_HERE}
    shown |= {"sent": sent_state(request, one, sent_panel.replies(one, lines)), "here": request.get_full_path()}
    if shown["outside"] and (facts := _last_facts(one)):
        shown["checks"] = checks.check_lines(facts)
    if doubt is None:
        shown["marks"] = [wording.translate(text) for text in warnings.marks(one).values()]
    return shown


def _last_facts(one: OpenedMessage) -> Facts:
    """What the last screening found, as mail whose checks were unavailable is screened again. Empty without screening."""
    screenings = [event for event in one.archive.events(one.permit, one.place.id) if event.facts.get("facts")]
    last = max(screenings, key=lambda event: (event.at, event.journal, event.number), default=None)
    facts = read_facts(last.facts["facts"]) if last is not None else one.capture.facts
    return facts if facts.get("from.domain") else {}


def state_of(one: OpenedMessage) -> tuple[str, str] | None:
    """The state of the message as a whole, or the warning that its row in the list has; None for an ordinary one."""
    if one.eye == "author":
        awaits_approval = any(p.state == "held" and rule_keys.FILE_WAITS in p.rules for p in one.traced.passages)
        role, word = words.APPROVAL if awaits_approval else words.STATES[_status(one)]
    else:
        states = [p.state for p in shown_copies(one)]
        if one.eye == "given" and set(states) & {"delivered", "kept"}:
            return words.warning_label(warnings.marks(one), settings.CITY.marks.doubts)
        role, word = COPIES[states[0]] if states else ("plain", "")
    return (role, word) if role != "plain" else None


def _status(one: OpenedMessage) -> str:
    """The state of one's own message, in the list's word. A copy in transit and a rejection take precedence."""
    if one.capture.custodian:
        return "kept"
    states = {p.state for p in one.traced.passages}
    if "held" in states:
        return "held"
    if states & {"waiting", "trying", "deferred"}:
        return "deferred" if "deferred" in states else "waiting"
    return "refused" if "refused" in states else overall_outcome(copy_outcomes(one.traced.passages))


def _reasons(copies: Iterable[Passage]) -> list[str]:
    """The words of the rules that hold the person's copies, each with its clause; from the rule set in force."""
    book, names = active_or_starter(installation()), dict.fromkeys(name for p in copies for name in p.rules)
    keeping = [rule for name in names if (rule := book.rule(name)) is not None and rule.do in ("hold", "quarantine")]
    return list(dict.fromkeys(f"{wording.translate(rule.reader or rule.why)} ({rule.clause})" for rule in keeping))


def _withheld_page(request: Request, one: OpenedMessage) -> HttpResponse:
    """The page of a withheld copy: the fields that the list shows, and why there is no content."""
    fields = header_of(one.archive.body(one.permit, one.place))
    subject = "".join(r.text if r.kind == "text" else f"[{r.text}]" for r in runs.runs_of(fields.subject))
    sender = ", ".join(f"{a.display} <{a.addr}>" if a.display else a.addr for a in fields.from_)
    copies = shown_copies(one)
    why = next((text for p in copies if (text := words.why(p.rules))), "")
    here = [p for p in copies if not p.box or p.box.lower() in one.mine.addresses]
    release = next((url for p in here if (url := release_of(p, one.id))), "")
    page = Page(subject or gettext("(no subject)"), gettext("My mail"), crumbs(), state_of(one))
    held = any(p.state == "held" for p in copies)
    shown = {"page": page, "held": held, "why": why, "from": words.marked(sender), "at": one.capture.received}
    shown |= {"release": release, "reasons": _reasons(here) if release else []}
    return render(request, "mailbox/shut.html", shown)
