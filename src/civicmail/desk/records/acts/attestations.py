"""Acts on statements about personal accounts and devices: the desk asks, the employee answers (P-21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Act, FormPage, Operation, OwnAct, Page
from civicmail.city.pages.inputs import Choice, Input, PersonName, Text
from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _

if TYPE_CHECKING:
    from civicmail.desk.records.models import Attestation, Request


class Whom(Input):
    """person: number or address."""

    person = PersonName(label="Whom?")


class AskAttestation(Act["Request", Whom, "Attestation"]):
    """Ask an employee to state what is in their personal accounts and on their devices."""

    name, permission, input = "ask_attestation", "records.work", Whom
    model, key, related = "records.Request", "number", ("custodian",)
    page = Page("records/requests/<slug:number>/search/statements/new/", "records-attestation-ask")
    operation = Operation("/records/requests/{str:number}/statements", "write:records", status=201)

    def perform(self, row: Request, given: Whom, *, actor: Actor, now: int) -> Attestation:
        from civicmail.desk.records.actions import attestations

        return attestations.ask(row, given.person, actor=actor, now=now)

    def message(self, row: Request, done: Attestation) -> str:
        return f"{done.person} was asked, on their Home page and by mail."

    def form_page(self, row: Request) -> FormPage:
        from django.urls import reverse

        from civicmail.desk.records.views import request_page

        back = reverse("records-search", args=[row.number])
        head = request_page.page(row, "Ask about personal accounts", here=[("Search", back)])
        return FormPage(
            title=head.h1, section=head.section, crumbs=head.crumbs, submit="Ask for a statement", back=back,
            effects=[
                "They read the request as the desk understands it, search their own accounts and devices, and sign or refuse.",
                "The answer is part of the search affidavit and of the case file.",
            ],
        )  # fmt: skip


class Statement(Input):
    """outcome: nothing, handed-over or refused; text: what was searched, or why it is refused."""

    outcome = Choice(
        label=_("Your answer"), radio=True, missing=_("Choose your answer."),
        choices=[
            ("nothing", _("I searched, and found nothing")),
            ("handed-over", _("I searched, and handed over what I found")),
            ("refused", _("I refuse to state it")),
        ],
    )  # fmt: skip
    text = Text(
        label=_("What you searched, or why you refuse"),
        help=_("Name the accounts and devices, not what is in them. At least 10 characters."),
        min_length=10,
        max_length=4000,
    )


class AnswerAttestation(OwnAct["Attestation", Statement, "Attestation"]):
    """Sign what is in my personal accounts and on my devices, or refuse."""

    name, permission, input = "answer_attestation", "records.attest", Statement
    model, related = "records.Attestation", ("request", "person")
    page = Page("my/statements/<int:pk>/", "records-attest")
    operation = Operation("/me/statements/{int:id}", "write:me")

    def is_hidden(self, row: Attestation, actor: Actor, now: int) -> bool:
        return row.state != "asked"

    def perform(self, row: Attestation, given: Statement, *, actor: Actor, now: int) -> Attestation:
        from civicmail.desk.records.actions import attestations

        return attestations.answer(row, given.outcome, given.text, actor=actor, now=now)

    def message(self, row: Attestation, done: Attestation) -> Sentence:
        return _("Your refusal is saved.") if done.state == "refused" else _("Your statement is signed. The records office has it.")

    def form_page(self, row: Attestation) -> FormPage:
        from django.urls import reverse
        from django.utils.translation import gettext

        from civicmail.city.guard.errors import Conflict
        from civicmail.city.pages.wording import translate
        from civicmail.desk.records.actions import attestations
        from civicmail.desk.records.actions.clock import usable_pack

        try:
            body = attestations.statement(row, usable_pack(row.request)).body
        except Conflict as error:
            body = translate(error.args[0])
        return FormPage(
            title=gettext("Statement about your own accounts"),
            section=gettext("My access"),
            submit=gettext("Sign"),
            back=reverse("home"),
            facts=[(gettext("Request"), row.request.number)],
            template="records/attest.html",
            context={"statement": body},
        )


ASK, ANSWER = AskAttestation(), AnswerAttestation()
ACTS: tuple[Act[Any, Any, Any], ...] = (ASK, ANSWER)
