"""Acts on mail and messages to the records desk, and a request made of a message in one's own mail (P-11, P-21)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Because, Input, Nothing, Text
from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _
from civicmail.desk.mailbox.acts.messages import OnMessage

if TYPE_CHECKING:
    from civicmail.desk.mailbox.views.opened_message import OpenedMessage
    from civicmail.desk.records.actions.intake import Receipt
    from civicmail.desk.records.models import PersonalFlag, Reply


class _OnReply[Given: Input, Done](Act["Reply", Given, Done]):
    """An act on a row of Records mail. title, submit: of its form."""

    permission = "records.work"
    model, related = "records.Reply", ("request",)
    title = ""
    submit = ""

    def form_page(self, row: Reply) -> FormPage:
        from django.urls import reverse

        back = reverse("records-reply", args=[row.pk])
        crumbs = [("Records mail", reverse("records-replies")), (f"Message {row.pk}", back)]
        return FormPage(title=self.title, section="Records", crumbs=crumbs, back=back, submit=self.submit)


class Number(Input):
    """number: PR-2026-00041."""

    number = Text(label="Number of the request", help="Like PR-2026-00041.", max_length=20, rows=1)


class AttachReply(_OnReply[Number, "Reply"]):
    """Put mail that fits no request to a request."""

    name, input = "attach_record_reply", Number
    page = Page("records/mail/<int:pk>/attach/", "records-reply-attach")
    operation = Operation("/records/replies/{int:pk}/attach", "write:records")
    title, submit, success_message = "To which request does it belong?", "Put to request", "It is with the request now."

    def perform(self, row: Reply, given: Number, *, actor: Actor, now: int) -> Reply:
        from civicmail.city.guard.errors import field_error
        from civicmail.desk.records.actions import replies
        from civicmail.desk.records.models import Request

        request = Request.objects.filter(number=given.number.strip().upper()).first()
        if request is None:
            raise field_error("number", "No request has this number.")
        return replies.attach(row, request, actor=actor, now=now)


class DismissReply(_OnReply[Because, "Reply"]):
    """Take mail that is no request out of the holding pen."""

    name, input = "dismiss_record_reply", Because
    page = Page("records/mail/<int:pk>/dismiss/", "records-reply-dismiss")
    operation = Operation("/records/replies/{int:pk}/dismiss", "write:records")
    title, submit, success_message = "Dismiss this message?", "Dismiss", "It is dismissed, and stays in the archive."

    def perform(self, row: Reply, given: Because, *, actor: Actor, now: int) -> Reply:
        from civicmail.desk.records.actions import replies

        return replies.dismiss(row, actor=actor, reason=given.reason, now=now)


class MarkReplyRead(Act["Reply", Nothing, "Reply"]):
    """Record that a message of a requester was read and needs nothing more."""

    name, permission, input = "mark_record_reply_read", "records.work", Nothing
    page = Page("records/mail/<int:pk>/read/", "records-reply-read")
    operation = Operation("/records/replies/{int:pk}/read", "write:records")
    model, related = "records.Reply", ("request",)
    success_message = "It is marked as read."

    def button_page(self, row: Reply) -> str:
        from django.urls import reverse

        return reverse("records-reply", args=[row.pk])

    def perform(self, row: Reply, given: Nothing, *, actor: Actor, now: int) -> Reply:
        from civicmail.desk.records.actions import replies

        return replies.mark_read(row, actor=actor, now=now)


class RequestText(Input):
    """text: what is asked for; title: the desk's name for it."""

    text = Text(label="What is asked for", max_length=20_000, rows=8)
    title = Text(label="Title for the desk", required=False, max_length=200, rows=1)


class MakeRequestOfReply(_OnReply[RequestText, "Receipt"]):
    """Make a request of mail that fits none, in the officer's words."""

    name, input = "make_request_of_reply", RequestText
    page = Page("records/mail/<int:pk>/request/", "records-reply-request")
    operation = Operation("/records/replies/{int:pk}/request", "write:records", status=201)
    title, submit = "Make a request of this message", "Make request"

    def message(self, row: Reply, done: Receipt) -> str:
        return f"It is request {done.request.number}."

    def perform(self, row: Reply, given: RequestText, *, actor: Actor, now: int) -> Receipt:
        from civicmail.desk.records.actions import message_request

        return message_request.make_of_reply(row, given.text, given.title, actor=actor, now=now)


class MakeRequestOfMessage(OnMessage[Nothing, "Receipt"]):
    """Make a request for records of a message in one's own mail; its sender gets the receipt."""

    name, input = "make_request_of_message", Nothing
    page = Page("mail/<uuid:id>/records-request/", "mail-records-request")
    operation = Operation("/mail/{uuid:id}/records-request", "write:mail", status=201)

    def form_page(self, row: OpenedMessage) -> FormPage:
        from django.urls import reverse
        from django.utils.translation import gettext

        back = reverse("mail-message", args=[row.id])
        return FormPage(
            title=gettext("Make a request for records of this message?"),
            section=gettext("My mail"),
            crumbs=[(gettext("My mail"), reverse("my-mail")), (gettext("Message"), back)],
            back=back,
            submit=gettext("Make request"),
            effects=[
                gettext("The records office gets the words of the message as a request for records."),
                gettext("Its sender gets a receipt by mail, with a code and the next date."),
            ],
            stays=[gettext("The message stays where it is.")],
        )

    def message(self, row: OpenedMessage, done: Receipt) -> Sentence:
        return _("The records office has it as request {number}.", number=done.request.number)

    def perform(self, row: OpenedMessage, given: Nothing, *, actor: Actor, now: int) -> Receipt:
        from civicmail.desk.records.actions import message_request

        return message_request.make(row, actor=actor, now=now)


class PersonalClaim(Input):
    """why: what makes it purely personal, in at least ten characters."""

    why = Text(
        label=_("Why is it purely personal?"),
        help=_("At least 10 characters, without the content of the message."),
        min_length=10,
        max_length=400,
        rows=2,
    )


class FlagPersonalMail(OnMessage[PersonalClaim, "PersonalFlag"]):
    """Flag a message of one's own mail as purely personal, for the records desk, which decides."""

    name, input = "flag_personal_mail", PersonalClaim
    page = Page("mail/<uuid:id>/personal/", "mail-personal")
    operation = Operation("/mail/{uuid:id}/personal", "write:mail", status=201)
    success_message = _("The records desk sees your flag when a request finds this message.")

    def form_page(self, row: OpenedMessage) -> FormPage:
        from django.urls import reverse
        from django.utils.translation import gettext

        back = reverse("mail-message", args=[row.id])
        return FormPage(
            title=gettext("Flag this message as personal?"),
            section=gettext("My mail"),
            crumbs=[(gettext("My mail"), reverse("my-mail")), (gettext("Message"), back)],
            back=back,
            submit=gettext("Flag as personal"),
            effects=[gettext("When a request for records finds this message, its reviewer sees your flag and your reason.")],
            stays=[
                gettext(
                    "The records office decides, with a second person: a message with anything about work is released in part."
                ),
                gettext("The message stays where it is, and is kept as long as others."),
            ],
        )

    def perform(self, row: OpenedMessage, given: PersonalClaim, *, actor: Actor, now: int) -> PersonalFlag:
        from civicmail.desk.records.actions import personal_mail

        return personal_mail.flag(row, given.why, actor=actor, now=now)


ATTACH, DISMISS, READ, REQUEST = AttachReply(), DismissReply(), MarkReplyRead(), MakeRequestOfReply()
MAKE_REQUEST, FLAG_PERSONAL = MakeRequestOfMessage(), FlagPersonalMail()
ON_REPLY = (ATTACH, DISMISS, READ, REQUEST)
ACTS = (*ON_REPLY, MAKE_REQUEST, FLAG_PERSONAL)
