"""Acts on the schedule of the digest of held mail (P-25)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import FormPage, Operation, OwnAct, Page
from civicmail.city.pages.inputs import Choice, Input, Number
from civicmail.core.config.sentence import sentence as _
from civicmail.desk.holding import digest_schedule

if TYPE_CHECKING:
    from civicmail.desk.holding.models import Digest


class Schedule(Input):
    """days: daily, working or weekly; hour: of the city's clock."""

    days = Choice(
        label=_("On which days?"), radio=True,
        choices=[("daily", _("Every day")), ("working", _("Monday to Friday, not on holidays")), ("weekly", _("On Mondays"))],
    )  # fmt: skip
    hour = Number(label=_("At what time?"), choices=[(hour, f"{hour}:00") for hour in digest_schedule.HOURS])


class PlanDigest(OwnAct["Digest", Schedule, "Digest"]):
    """Choose the days and the hour."""

    name, permission, input = "plan_digest", "my.mail", Schedule
    page = Page("mail/digest/", "mail-digest")
    operation = Operation("/me/digest", "write:mail")

    def load(self, *, actor: Actor, now: int) -> Digest:
        from civicmail.desk.holding.models import Digest

        return Digest.objects.select_related("person").filter(person__uid=actor.uid).first() or Digest()

    def initial(self, row: Digest) -> Mapping[str, Any]:
        return {"days": row.days, "hour": row.hour}

    def perform(self, row: Digest, given: Schedule, *, actor: Actor, now: int) -> Digest:
        from civicmail.desk.holding.actions import digests

        return digests.set_schedule(given.days, given.hour, actor=actor, now=now)

    success_message = _("It is saved.")

    def form_page(self, row: Digest) -> FormPage:
        from django.urls import reverse
        from django.utils.translation import gettext

        from civicmail.desk.mailbox.views.opened_message import crumbs

        return FormPage(
            title=gettext("Digest of held mail"), section=gettext("My mail"), crumbs=crumbs(),
            back=reverse("my-mail"), submit=gettext("Save"),
            note=gettext("One mail says what rules have kept back of your mail. Where nothing is kept back, none comes."),
        )  # fmt: skip


PLAN_DIGEST = PlanDigest()
