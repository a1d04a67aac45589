"""Acts on several messages of a list, or on an open one: read, starred, hidden, labeled, reported as spam."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Unusable
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.city.pages.city_request import acting
from civicmail.city.pages.page import Page
from civicmail.city.pages.wording import translate
from civicmail.core.query.errors import QueryError
from civicmail.core.query.scopes import received_by
from civicmail.core.query.tree import Among
from civicmail.desk.mailbox import mail_list, queries, scope
from civicmail.desk.mailbox.actions import mark_mail
from civicmail.desk.mailbox.mail_list import PER_PAGE, MailContext
from civicmail.desk.mailbox.views.list_address import address_of
from civicmail.desk.mailbox.views.opened_message import crumbs
from civicmail.desk.viewer.queries import store
from civicmail.desk.viewer.store import NotIndexed
from civicmail.mail.pipeline import labels
from civicmail.mail.pipeline.labels import Label
from civicmail.mail.search.errors import DamagedIndex
from civicmail.mail.search.search import Hit, among, search


@dataclass(frozen=True, slots=True)
class Selection:
    """The messages of an act: only hits that are the person's own."""

    request: Request
    desk: MailContext
    hits: tuple[Hit, ...]

    @property
    def now(self) -> int:
        return epoch_ms(self.request.now)

    @property
    def ids(self) -> list[bytes]:
        return [uuid.UUID(hit.id).bytes for hit in self.hits]

    @property
    def offices(self) -> dict[int, list[bytes]]:
        """By row of a function mailbox: those that came to it."""
        of = {
            box.row: among(self.desk.reader, received_by(box.addresses), self.hits)
            for box in self.desk.mine.boxes
            if box.is_offices
        }
        return {row: [uuid.UUID(id_).bytes for id_ in sorted(there)] for row, there in of.items() if there}


@acting("my.mail")
@require_POST
def keep(request: Request) -> HttpResponse:
    """act: the act; row: the ids, from a list; all: "yes" for all of the list to which it returns; next: the page to return to.
    Messages of others are ignored."""
    back = next_url(request)
    act = ACTS.get(request.POST.get("act", ""))
    try:
        is_all = request.POST.get("all") == "yes" and act is not _spam
        chosen = _matching(request, back) if is_all else selection_of(request, request.POST.getlist("row"))
    except (NotIndexed, DamagedIndex, QueryError):
        messages.warning(request, gettext("Your mail cannot be searched yet, so nothing was changed."))
        return redirect(back)
    if act is None or (not chosen.hits and act is not _read_all):
        messages.warning(request, gettext("Nothing was changed: choose one or more messages first."))
        return redirect(back)
    try:
        answer = act(chosen)
        queries.forget_unread(request.actor)
    except Unusable as error:
        messages.warning(request, translate(error.args[0]))
        return redirect(back)
    if isinstance(answer, HttpResponse):
        return answer
    messages.success(request, answer)
    return redirect(back)


def next_url(request: Request, default: str = "", *, others: Sequence[str] = ()) -> str:
    """The page of the person's mail to return to; `default`, or the list, if the form names none. others: pages beside mail to
    which a form may return."""
    url = request.POST.get("next", "")
    is_own_url = url.startswith((reverse("my-mail"), *others)) and url_has_allowed_host_and_scheme(url, None)
    return url if is_own_url else default or reverse("my-mail")


def selection_of(request: Request, rows: Sequence[str]) -> Selection:
    """The person's own messages among these ids. Raises NotIndexed, DamagedIndex."""
    now = epoch_ms(request.now)
    permit, mine = queries.own_mail(request.actor, now=now)
    desk = queries.desk(permit, mine, now=now)
    id_list = [found for text in rows[:PER_PAGE] if (found := _uuid(text))]
    if not id_list:
        return Selection(request, desk, ())
    desk.waiting.refresh(now)
    tree = scope.own(Among(frozenset(id_list)), mine, mail_list.delivered_since(desk))
    return Selection(request, desk, search(desk.reader, tree, limit=PER_PAGE, scored=False).hits)


def _matching(request: Request, url: str) -> Selection:
    """The newest messages of a list, as many as one act may be about. Raises NotIndexed, DamagedIndex, QueryError."""
    now = epoch_ms(request.now)
    permit, mine = queries.own_mail(request.actor, now=now)
    kept = queries.marks_by(permit, now=now)
    address = address_of(reverse("my-mail"), QueryDict(urlsplit(url).query), mine, kept.labels, bare="inbox")
    desk = queries.desk(permit, queries.choose_box(mine, address.values.get("box", "")), now=now, marks=kept)
    return Selection(request, desk, tuple(mail_list.matching_hits(desk, address.list_query, mark_mail.BATCH_SIZE)))


def _uuid(text: str) -> str:
    try:
        return uuid.UUID(text).hex
    except ValueError:
        return ""


def _read(chosen: Selection) -> str:
    mark_mail.set_read(chosen.ids, chosen.offices, read=True, actor=chosen.request.actor, now=chosen.now)
    n = len(chosen.hits)
    return ngettext("{n} message is marked as read.", "{n} messages are marked as read.", n).format(n=n)


def _unread(chosen: Selection) -> str:
    mark_mail.set_read(chosen.ids, chosen.offices, read=False, actor=chosen.request.actor, now=chosen.now)
    n = len(chosen.hits)
    return ngettext("{n} message is marked as unread.", "{n} messages are marked as unread.", n).format(n=n)


def _read_all(chosen: Selection) -> str:
    """All unopened messages in the person's own mailboxes; in an office's mailbox only those selected one by one."""
    desk = chosen.desk
    desk.waiting.refresh(chosen.now)
    ids = mail_list.unopened(desk, mail_list.delivered_since(desk), own=True)
    some = sorted(ids, reverse=True)[: mark_mail.BATCH_SIZE]
    mark_mail.set_read(some, {}, read=True, actor=chosen.request.actor, now=chosen.now)
    return ngettext("{n} message is marked as read.", "{n} messages are marked as read.", len(some)).format(n=len(some))


def _star(chosen: Selection) -> str:
    mark_mail.set_starred(chosen.ids, starred=True, actor=chosen.request.actor, now=chosen.now)
    n = len(chosen.hits)
    return ngettext("{n} message has a star now.", "{n} messages have a star now.", n).format(n=n)


def _unstar(chosen: Selection) -> str:
    mark_mail.set_starred(chosen.ids, starred=False, actor=chosen.request.actor, now=chosen.now)
    n = len(chosen.hits)
    return ngettext("{n} message has no star any more.", "{n} messages have no star any more.", n).format(n=n)


def _hide_messages(chosen: Selection) -> str:
    mark_mail.set_hidden(chosen.ids, hidden=True, actor=chosen.request.actor, now=chosen.now)
    n = len(chosen.hits)
    notice = ngettext(
        "{n} message is in Archive now.",
        "{n} messages are in Archive now.",
        n,
    ).format(n=n)
    return format_html('{} <a href="{}?state=hidden">{}</a>', notice, reverse("my-mail"), gettext("Open Archive"))


def _show(chosen: Selection) -> str:
    mark_mail.set_hidden(chosen.ids, hidden=False, actor=chosen.request.actor, now=chosen.now)
    n = len(chosen.hits)
    return ngettext("{n} message is in the inbox again.", "{n} messages are in the inbox again.", n).format(n=n)


def _put_label(chosen: Selection) -> str:
    """Label with a selected label, or a new one."""
    request, label = chosen.request, _label_of(chosen.request)
    if name := request.POST.get("name", "").strip():
        label = mark_mail.make_label(name, actor=request.actor, now=chosen.now).pk
    mark_mail.set_labeled(label, chosen.ids, on=True, actor=request.actor, now=chosen.now)
    n = len(chosen.hits)
    return ngettext("{n} message has the label now.", "{n} messages have the label now.", n).format(n=n)


def _take_label(chosen: Selection) -> str:
    label = _label_of(chosen.request)
    mark_mail.set_labeled(label, chosen.ids, on=False, actor=chosen.request.actor, now=chosen.now)
    n = len(chosen.hits)
    return ngettext("The label is off {n} message.", "The label is off {n} messages.", n).format(n=n)


def _label_of(request: Request) -> int:
    value = request.POST.get("label", "")
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else 0


def _spam(chosen: Selection) -> str | HttpResponse:
    """Confirm first on a page, because labels of people teach the city's filter. Only mail from outside can be spam."""
    request = chosen.request
    from_outside = [id_ for id_ in chosen.ids if is_from_outside(chosen.desk, id_)]
    if not from_outside:
        raise Unusable(gettext("None of these came from outside, so none is spam."))
    if request.POST.get("sure") == "yes":
        for id_ in from_outside:
            labels.write_label(store().data, id_, Label(True, request.actor.uid, "report"), chosen.now)
        return gettext("Thank you. The filter learns from it, and from what others say.")
    n = len(from_outside)
    title = ngettext("Mark {n} message as spam?", "Mark {n} messages as spam?", n).format(n=n)
    page = Page(title, gettext("My mail"), crumbs())
    shown: dict[str, Any] = {
        "page": page,
        "rows": [uuid.UUID(bytes=id_) for id_ in from_outside],
        "back": next_url(request),
        "n": n,
    }
    return render(request, "mailbox/spam.html", shown)


def is_from_outside(desk: MailContext, id_: bytes) -> bool:
    """Whether it can be spam at all."""
    place = desk.archive.place(id_)
    return place is not None and labels.is_inbound(desk.archive.capture(desk.permit, place))


ACTS: dict[str, Callable[[Selection], str | HttpResponse]] = {
    "read": _read,
    "unread": _unread,
    "all-read": _read_all,
    "star": _star,
    "unstar": _unstar,
    "hide": _hide_messages,
    "show": _show,
    "label": _put_label,
    "unlabel": _take_label,
    "spam": _spam,
}
"""Name of a button -> its action, with the message shown afterwards."""
