"""What was decided about files and held copies that a person sent: lines for the history of the message, and a word for each
recipient (P-02, P-22)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.utils.translation import gettext, gettext_lazy, ngettext

from civicmail.city.directory.models import Person
from civicmail.city.guard.actors import Actor
from civicmail.desk.holding.lists.approvals import counted
from civicmail.desk.holding.models import Approval, ApprovalCopy, Release
from civicmail.desk.mailbox.sent_history import DecidedCopy, HistoryLine, SentHistory

_RELEASE_ANSWERS = {
    "released": gettext_lazy("Release was approved."),
    "kept": gettext_lazy("Release was approved, but a check held it again."),
    "refused": gettext_lazy("Release was denied."),
    "withdrawn": gettext_lazy("You withdrew the release request."),
    "lapsed": gettext_lazy("The release request expired."),
}
"""State of a release request that is over -> the sentence."""


def history(actor: Actor, capture: str) -> SentHistory:
    """What was decided about a message. Colleagues of a shared mailbox read it without names."""
    row = Approval.objects.filter(capture=capture).select_related("person").prefetch_related("copies__by").first()
    lines = [*_releases(actor, capture)]
    if row is None:
        return SentHistory(tuple(lines))
    copies = list(row.copies.all())
    is_mine = row.person.uid == actor.uid
    lines += [*_requests(row), *_answers(row, copies, actor, is_mine=is_mine)]
    return SentHistory(tuple(lines), {copy.index: _copy(row, copy, actor, is_mine=is_mine) for copy in copies})


def _requests(row: Approval) -> Iterator[HistoryLine]:
    """The request, the next approver's turn, and the last reminder."""
    if not row.own:
        yield HistoryLine(row.made, gettext("Approval of {files} was requested.").format(files=counted(row)))
        if row.step:
            yield HistoryLine(row.since, gettext("The next approver was asked, because nobody had answered."))
    if row.reminded is not None:
        yield HistoryLine(row.reminded, gettext("The approver was reminded."))


def _answers(row: Approval, copies: list[ApprovalCopy], actor: Actor, *, is_mine: bool) -> Iterator[HistoryLine]:
    """One line for the copies that were answered together."""

    def answer(copy: ApprovalCopy) -> Any:
        return copy.at, copy.state, copy.by_id or 0, copy.without

    for (at, state, *_), together in groupby(sorted((c for c in copies if c.at is not None), key=answer), key=answer):
        same = list(together)
        if text := _answer_text(row, same, state, _who(same[0].by, actor, is_mine=is_mine)):
            yield HistoryLine(at, text)


def _answer_text(row: Approval, same: list[ApprovalCopy], state: str, who: str) -> str:
    first, to = same[0], _recipients(same)
    if state == "expired":
        return gettext("Nobody answered in time. {to} did not get it.").format(to=to)
    if first.is_text_only:
        return gettext("{who} sent the text without the files to {to}.").format(who=who, to=to)
    files = counted(row)
    if first.without:
        files = gettext("{some} of {count} files").format(some=len(first.leave), count=len(row.parts))
    texts = {
        "approved": gettext("{who} approved {files} for {to}."),
        "refused": gettext("{who} denied {files} for {to}."),
        "records": gettext("{who} referred {files} to the records office."),
        "withdrawn": gettext("{who} withdrew {files} for {to}."),
    }
    return texts[state].format(who=who, files=files, to=to) if state in texts else ""


def _copy(row: Approval, copy: ApprovalCopy, actor: Actor, *, is_mine: bool) -> DecidedCopy:
    who = _who(copy.by, actor, is_mine=is_mine, starts=False)
    if copy.is_text_only:
        return DecidedCopy(without=gettext("Sent without the files."))
    without = ""
    if copy.state == "approved" and copy.stay:
        names = [row.name_of(number) for number in copy.stay]
        without = (
            gettext("Sent without {files}.").format(files=", ".join(names))
            if all(names)
            else ngettext("Sent without {count} file.", "Sent without {count} files.", len(names)).format(count=len(names))
        )
    texts = {"approved": gettext("Approved by {who}"), "refused": gettext("Denied by {who}")}
    text = texts[copy.state].format(who=who) if copy.state in texts else ""
    return DecidedCopy(text, copy.at if text else None, without)


def _who(person: Person | None, actor: Actor, *, is_mine: bool, starts: bool = True) -> str:
    """A person for a sentence. starts: whether the sentence starts with it."""
    if person is not None and person.uid == actor.uid:
        return gettext("You") if starts else gettext("you")
    if not is_mine or person is None:
        return gettext("The manager") if starts else gettext("the manager")
    return str(person)


def _recipients(copies: list[ApprovalCopy]) -> str:
    count = len(copies)
    return copies[0].address if count == 1 else ngettext("{count} recipient", "{count} recipients", count).format(count=count)


def _releases(actor: Actor, capture: str) -> Iterator[HistoryLine]:
    """The release requests that this person made, and their answers."""
    for row in Release.objects.filter(capture=capture, requester__uid=actor.uid):
        yield HistoryLine(row.made, gettext("You requested release."))
        if row.answered is not None and (text := _RELEASE_ANSWERS.get(row.state)):
            yield HistoryLine(row.answered, str(text))
