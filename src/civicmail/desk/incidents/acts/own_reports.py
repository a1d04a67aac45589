"""Reporting a message of one's own as dangerous, as spam or as good mail (P-02, P-31)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import FormPage, Operation, Page
from civicmail.city.pages.inputs import Choice, Choices, Input
from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _
from civicmail.desk.mailbox.acts.messages import OnMessage

if TYPE_CHECKING:
    from civicmail.desk.mailbox.views.opened_message import OpenedMessage

DANGER = ("danger", _("It is dangerous, or may be a fraud"))
ABOUT_SPAM: Choices = [("spam", _("Yes, this is spam")), ("good", _("No, this is good mail"))]
"""Answers about mail from outside alone."""


class MessageReport(Input):
    """what: danger, for the security office; for mail from outside also spam or good, for the filter to learn."""

    what = Choice(label=_("Report this message"), choices=[DANGER, *ABOUT_SPAM])


class ReportDanger(OnMessage[MessageReport, str]):
    """Report a dangerous message to security, who answer by mail. Repeating it changes nothing."""

    name, input = "report_danger", MessageReport
    page = Page("mail/<uuid:id>/report/", "mail-report")
    operation = Operation("/mail/{uuid:id}/report", "write:mail")

    def is_hidden(self, row: OpenedMessage, actor: Actor, now: int) -> bool:
        return row.eye != "given"

    def choices(self, row: OpenedMessage, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.desk.mailbox.views.reporting import may_be_reported

        return {} if may_be_reported(row) else {"what": [DANGER]}

    def perform(self, row: OpenedMessage, given: MessageReport, *, actor: Actor, now: int) -> str:
        from civicmail.desk.incidents.actions import reporting
        from civicmail.desk.mailbox.views.reporting import may_be_reported

        reporting.report_received(row.capture.id, given.what, teaches=may_be_reported(row), actor=actor, now=now)
        return given.what

    def message(self, row: OpenedMessage, done: str) -> Sentence:
        if done != "danger":
            return _("Thank you. The filter learns from it, and from what others say.")
        return _("Thank you. The security office checks it and answers you by mail. Do not answer it, and open nothing in it.")

    def form_page(self, row: OpenedMessage) -> FormPage:
        from django.urls import reverse
        from django.utils.translation import gettext

        from civicmail.city.pages.wording import translate
        from civicmail.desk.mailbox.views.opened_message import crumbs
        from civicmail.desk.mailbox.views.reporting import may_be_reported

        back = reverse("mail-message", args=[row.id])
        about_spam = [(value, translate(words)) for value, words in ABOUT_SPAM] if may_be_reported(row) else []
        return FormPage(
            title=gettext("Report this message"),
            section=gettext("My mail"),
            crumbs=[*crumbs(), (gettext("Message"), back)],
            submit=translate(DANGER[1]),
            back=back,
            template="incidents/report.html",
            context={"about_spam": about_spam, "danger": DANGER[0]},
        )


REPORT_DANGER = ReportDanger()
