"""Acts on letters to a requester: write, change, fill in again, discard, submit, send, decide; and the demand for written reasons
(P-21)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Choice, Choices, Input, Nothing, Seen, Text

if TYPE_CHECKING:
    from civicmail.desk.records.models import Letter, Request

_ONE, _PATH = "records/requests/<slug:number>/letters/", "/records/requests/{str:number}/letters"
_SCOPE = "write:records"


class NewLetter(Input):
    """kind: id of a letter of the law pack that fits the request now."""

    kind = Choice(label="Which letter?", help="These fit the request as it is now.", radio=True, missing="Choose a letter.")


class WriteLetter(Act["Request", NewLetter, "Letter"]):
    """Begin a letter to the requester, filled in from the request."""

    name, permission, input = "write_record_letter", "records.work", NewLetter
    model, key, related = "records.Request", "number", ("custodian",)
    page = Page(f"{_ONE}new/", "records-letter-new")
    operation = Operation(_PATH, _SCOPE, status=201)
    from_link = ("kind",)

    def choices(self, row: Request, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.desk.records.queries.law import pack_or_none
        from civicmail.desk.records.queries.letters import case_of

        pack = pack_or_none(row)
        letters = case_of(row, pack).fitting.values() if pack is not None else ()
        return {"kind": [(letter.id, f"{letter.title} ({letter.citation})") for letter in letters]}

    def perform(self, row: Request, given: NewLetter, *, actor: Actor, now: int) -> Letter:
        from civicmail.desk.records.actions import letters

        return letters.write(row, given.kind, actor=actor, now=now)

    def message(self, row: Request, done: Letter) -> str:
        return "The draft is filled in. Read it, and write what is missing."

    def after(self, done: Letter) -> str:
        return page_of(done)

    def form_page(self, row: Request) -> FormPage:
        from django.urls import reverse

        from civicmail.desk.records.views import request_page

        back = reverse("records-letters", args=[row.number])
        head = request_page.page(row, "Write a letter", here=[("Letters", back)])
        return FormPage(title=head.h1, section=head.section, crumbs=head.crumbs, submit="Begin the letter", back=back)


class LetterText(Input):
    """text: the whole letter; state: as it was seen."""

    text = Text(label="Text of the letter", help="Paragraphs with a blank line between them.", max_length=20_000, rows=24)
    state = Seen(default="draft")


class LetterSeen(Input):
    """state: as it was seen."""

    state = Seen()


class LetterDecision(Input):
    """decision: yes or no; reason: needed for a no; state: as it was seen."""

    decision = Choice(
        label="Your decision", radio=True, missing="Choose one of the two.",
        choices=[("yes", "Approve this letter, and send it"), ("no", "Return it to its author")],
    )  # fmt: skip
    reason = Text(label="Reason", help="Needed for a return, in at least 10 characters.", required=False)
    state = Seen(default="asked")


class _OnLetter[Given: Input](Act["Letter", Given, "Letter"]):
    """title: of its form, with the letter's subject; submit: its button."""

    permission = "records.work"
    title = ""
    submit = ""
    stop = False

    def load(self, number: str, letter: int, *, actor: Actor, now: int) -> Letter:
        from django.shortcuts import get_object_or_404

        from civicmail.desk.records.models import Letter

        rows = Letter.objects.select_related("request__custodian", "by", "approved_by")
        return get_object_or_404(rows, request__number=number, pk=letter)

    def effects(self, row: Letter) -> list[str]:
        return []

    def stays(self, row: Letter) -> list[str]:
        return []

    def form_page(self, row: Letter) -> FormPage:
        from civicmail.desk.records.views import letter_page

        head = letter_page.head(row, self.title.format(subject=row.subject or "this letter"))
        return FormPage(
            title=head.h1, section=head.section, crumbs=head.crumbs, state=head.state, submit=self.submit, back=page_of(row),
            effects=self.effects(row), stays=self.stays(row), stop=self.stop,
        )  # fmt: skip


def _page(last: str) -> Page:
    return Page(f"{_ONE}<int:letter>/{last}/", f"records-letter-{last}")


def _operation(last: str) -> Operation:
    return Operation(f"{_PATH}/{{int:letter}}/{last}", _SCOPE)


class ChangeLetter(_OnLetter[LetterText]):
    """Change the text of a draft. It may be saved while something is missing, and is sent only when it is whole."""

    name, input = "change_record_letter", LetterText
    page, operation = _page("text"), _operation("text")
    title, submit, success_message = "Edit “{subject}”", "Save the text", "The text is saved."

    def initial(self, row: Letter) -> Mapping[str, Any]:
        return {"text": row.text}

    def perform(self, row: Letter, given: LetterText, *, actor: Actor, now: int) -> Letter:
        from civicmail.desk.records.actions import letters

        return letters.change(row, given.text, actor=actor, now=now)

    def form_page(self, row: Letter) -> FormPage:
        from dataclasses import replace

        from civicmail.desk.records.views import letter_page

        context = {"problems": letter_page.problems(row)}
        return replace(super().form_page(row), template="records/letter_text.html", context=context)


class FillLetter(_OnLetter[LetterSeen]):
    """Make the text of a draft again from the request as it is now; what was written into it is lost."""

    name, input = "fill_record_letter", LetterSeen
    page, operation = _page("fill"), _operation("fill")
    title, submit, success_message = "Fill in “{subject}” again?", "Fill it in again", "The draft is filled in again."

    def effects(self, row: Letter) -> list[str]:
        return ["The text is made again from the request as it is now.", "What somebody wrote into this draft is lost."]

    def perform(self, row: Letter, given: LetterSeen, *, actor: Actor, now: int) -> Letter:
        from civicmail.desk.records.actions import letters

        return letters.fill(row, actor=actor, now=now)


class DiscardLetter(_OnLetter[LetterSeen]):
    """Delete a draft that was never sent."""

    name, input = "discard_record_letter", LetterSeen
    page, operation = _page("discard"), _operation("discard")
    title, submit, success_message, stop = "Discard “{subject}”?", "Discard the draft", "The draft is discarded.", True

    def effects(self, row: Letter) -> list[str]:
        return ["The draft is deleted. The history says who discarded it."]

    def perform(self, row: Letter, given: LetterSeen, *, actor: Actor, now: int) -> Letter:
        from civicmail.desk.records.actions import letters

        return letters.discard(row, actor=actor, now=now)

    def after(self, done: Letter) -> str:
        from django.urls import reverse

        return reverse("records-letters", args=[done.request.number])


class SubmitLetter(_OnLetter[LetterSeen]):
    """Submit a letter for the approval that the law pack wants, once nothing of it is missing."""

    name, input = "submit_record_letter", LetterSeen
    page, operation = _page("submit"), _operation("submit")
    title, submit, success_message = "Submit “{subject}” for approval?", "Submit the letter", "The letter waits for approval."

    def effects(self, row: Letter) -> list[str]:
        return ["The city attorney, or whom the law pack names, reads exactly this text. With the approval it is sent."]

    def stays(self, row: Letter) -> list[str]:
        return ["Nothing is sent before that."]

    def perform(self, row: Letter, given: LetterSeen, *, actor: Actor, now: int) -> Letter:
        from civicmail.desk.records.actions import letters

        return letters.submit(row, actor=actor, now=now)


class SendLetter(_OnLetter[LetterSeen]):
    """Send a letter that needs no approval, once nothing of it is missing."""

    name, input = "send_record_letter", LetterSeen
    page, operation = _page("send"), _operation("send")
    title, submit, success_message = "Send “{subject}”?", "Send the letter", "The letter is sent."

    def effects(self, row: Letter) -> list[str]:
        return _ways(row)

    def perform(self, row: Letter, given: LetterSeen, *, actor: Actor, now: int) -> Letter:
        from civicmail.desk.records.actions import letters

        return letters.send(row, actor=actor, now=now)


class DecideLetter(_OnLetter[LetterDecision]):
    """Approve a letter, which sends it, or return it to its author, as a person who wrote nothing of it."""

    name, permission, input = "decide_record_letter", "records.approve", LetterDecision
    page, operation = _page("decide"), _operation("decide")
    title, submit = "Approve “{subject}”?", "Save the decision"

    def resource(self, row: Letter, actor: Actor) -> Resource:
        from civicmail.desk.records.actions import letters

        return letters.about(row)

    def effects(self, row: Letter) -> list[str]:
        return _ways(row)

    def perform(self, row: Letter, given: LetterDecision, *, actor: Actor, now: int) -> Letter:
        from civicmail.desk.records.actions import letters

        if given.decision == "yes":
            return letters.approve(row, actor=actor, now=now)
        return letters.give_back(row, given.reason, actor=actor, now=now)

    def message(self, row: Letter, done: Letter) -> str:
        return "The letter is approved and sent." if done.state == "sent" else "The letter is returned to its author."

    def form_page(self, row: Letter) -> FormPage:
        from dataclasses import replace

        from civicmail.desk.records.views import letter_page

        context = {"letter": row, "problems": letter_page.problems(row)}
        return replace(super().form_page(row), template="records/letter_decide.html", context=context)


class DemandReasons(Act["Request", Nothing, "Request"]):
    """Record that the requester demands the reasons for an oral denial in writing."""

    name, permission, input = "demand_record_reasons", "records.work", Nothing
    model, key = "records.Request", "number"
    page = Page("records/requests/<slug:number>/reasons/", "records-reasons")
    operation = Operation("/records/requests/{str:number}/reasons", _SCOPE)
    success_message = "The demand is recorded. Write the denial with its reasons."

    def button_page(self, row: Request) -> str:
        from django.urls import reverse

        return reverse("records-letters", args=[row.number])

    def perform(self, row: Request, given: Nothing, *, actor: Actor, now: int) -> Request:
        from civicmail.desk.records.actions import letters

        return letters.demand_reasons(row, actor=actor, now=now)


def _ways(row: Letter) -> list[str]:
    """Where it goes, a sentence each."""
    from civicmail.desk.records.views import letter_page

    return letter_page.ways(row)


def page_of(row: Letter) -> str:
    """The page of a letter."""
    from django.urls import reverse

    return reverse("records-letter", args=[row.request.number, row.pk])


WRITE, CHANGE, FILL, DISCARD = WriteLetter(), ChangeLetter(), FillLetter(), DiscardLetter()
SUBMIT, SEND, DECIDE, DEMAND = SubmitLetter(), SendLetter(), DecideLetter(), DemandReasons()
ON_LETTER = (CHANGE, FILL, SUBMIT, SEND, DECIDE)
ACTS: tuple[Act[Any, Any, Any], ...] = (WRITE, *ON_LETTER, DISCARD, DEMAND)
