"""Enter a request for somebody who came to the counter, called, or wrote on paper (P-21)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Act, FormPage, Operation
from civicmail.city.pages.inputs import Choice, Email, Flag, Input, Text

if TYPE_CHECKING:
    from civicmail.desk.records.actions.intake import Receipt

DELIVERY = [
    ("link", "On the status page"),
    ("mail", "By e-mail"),
    ("media", "On a disk or stick, by post"),
    ("counter", "They fetch them at the counter"),
]


class Entered(Input):
    """text: in the requester's words; way: oral or written; name, email, phone, postal: only what they want to leave; delivery:
    link, mail, media or counter; language: en or es."""

    text = Text(label="What is asked for", help="In their words.", max_length=20_000, rows=8, missing="Write what is asked for.")
    way = Choice(
        label="How was it asked?",
        radio=True,
        choices=[("written", "In writing: a letter, a form, a note"), ("oral", "Orally: at the counter, by telephone")],
    )
    title = Text(label="Title for the desk", required=False, max_length=200, rows=1)
    about_me = Flag(label="They ask for records about themselves")
    in_custody = Flag(label="They are in jail, in prison or committed")
    name = Text(
        label="Name", help="Never required. Leave it empty unless they want to give it.", required=False, max_length=200, rows=1
    )
    email = Email(label="E-mail address", required=False)
    phone = Text(label="Telephone", required=False, max_length=40, rows=1)
    postal = Text(label="Postal address", required=False, max_length=400, rows=2)
    delivery = Choice(label="How do they want the records?", choices=DELIVERY, default="link")
    language = Choice(label="Language of letters", choices=[("en", "English"), ("es", "Español")], default="en")


class EnterRequest(Act[None, Entered, "Receipt"]):
    """Enter a request that came to the counter, by telephone or on paper. The receipt is shown once."""

    name, permission, input = "enter_record_request", "records.work", Entered
    operation = Operation("/records/requests", "write:records", page="records-request-new", status=201)

    def perform(self, given: Entered, *, actor: Actor, now: int) -> Receipt:
        from civicmail.desk.records.actions import intake

        contact = intake.ContactData(
            name=given.name, email=given.email, phone=given.phone, postal=given.postal, delivery=given.delivery
        )
        new = intake.NewRequest(
            text=given.text,
            intake="counter",
            contact=contact,
            language=given.language,
            title=given.title,
            oral=given.way == "oral",
            self_request=given.about_me,
            incarcerated=given.in_custody,
        )
        return intake.enter(new, actor=actor, now=now)

    success_message = "The request is entered."

    def form_page(self) -> FormPage:
        from django.urls import reverse

        back = reverse("records-requests")
        return FormPage(
            title="Enter a request", section="Records", crumbs=[("Records requests", back)], back=back, submit="Enter request"
        )


ENTER_REQUEST = EnterRequest()
