"""Acts on disposals: propose, approve, refuse, withdraw (P-23)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import require_row
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act, Command, FormPage, Operation, Page, Parameter
from civicmail.city.pages.inputs import Input, Number, Seen, Slug, Text, reason

if TYPE_CHECKING:
    from civicmail.desk.retention.models import Disposal

SECTION = "Retention"
_SCOPE = "write:retention"
_NUMBER = {"disposal": Parameter("NUMBER", "The number of a disposal.")}
MAX_YEAR = 9999
MAX_CAPTURES = 1_000_000


class DisposalToPropose(Input):
    """kind: a retention class, "" for all; year: of receipt, 0 for all; most: captures, oldest first, 0 for all."""

    kind = Slug(label="Class", help="A retention class such as mail. Empty: all.", required=False, max_length=60)
    year = Number(label="Year of receipt", help="0: all years.", minimum=0, maximum=MAX_YEAR, default=0)
    most = Number(label="At most so many captures, oldest first", help="0: all.", minimum=0, maximum=MAX_CAPTURES, default=0)
    reason = reason(help="Name the council's decision or the yearly run. At least 20 characters. It is kept for ever.")


class ApprovedList(Input):
    """manifest: SHA-256 of the list that was seen; state: as it was seen."""

    manifest = Text(label="SHA-256 of the list", hidden=True, max_length=64, rows=1)
    reason = reason()
    state = Seen()


class AnswerToDisposal(Input):
    """state: as it was seen."""

    reason = reason()
    state = Seen()


class ProposeDisposal(Act[None, DisposalToPropose, "Disposal"]):
    """Propose the disposal of what is due; another person approves it."""

    name, permission, input = "propose_disposal", "retention.dispose", DisposalToPropose
    page = Page("retention/disposals/propose/", "retention-disposal-propose")
    operation = Operation("/retention/disposals", _SCOPE, status=201)
    command = Command("disposal propose", personal=True, options={"kind": "--class"})
    next_page = "retention-disposal"

    def perform(self, given: DisposalToPropose, *, actor: Actor, now: int) -> Disposal:
        from civicmail.desk.retention.actions import disposals
        from civicmail.mail.archive.manifests import Part

        part = Part(given.kind, given.year, given.most)
        return disposals.propose(part, reason=given.reason, actor=actor, now=now)

    def message(self, row: None, done: Disposal) -> str:
        return f"{done} is proposed. What is due is being listed; then a records officer decides."

    def form_page(self) -> FormPage:
        from django.urls import reverse

        back = reverse("retention-disposals")
        return FormPage(
            title="Propose a disposal", section=SECTION, submit="Propose 1 disposal", back=back, crumbs=[("Disposals", back)],
            effects=[
                "Everything that is due now and not held is listed, capture by capture.",
                "A records officer looks at the list and approves or refuses it.",
            ],
            stays=["Nothing is disposed of before that, and before the notice period is over."],
        )  # fmt: skip


class _OnDisposal[Given: Input](Act["Disposal", Given, "Disposal"]):
    """title, submit: of its form, with the disposal as {row}; effects, stays: what changes and what does not."""

    model, related = "retention.Disposal", ("by", "decided_by")
    title = submit = ""
    effects: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    stop = False

    def find(self, disposal: str, *, actor: Actor, now: int) -> Disposal:
        """Raises NotPermitted before it says whether there is such a disposal."""
        from civicmail.city.guard import guard
        from civicmail.desk.retention.models import Disposal

        guard.require_could(actor, self.permission, now=now)
        number = int(disposal) if disposal.isdecimal() and len(disposal) < 10 else 0
        return require_row(Disposal.objects.filter(pk=number).first(), f"There is no disposal {disposal}.")

    def form_page(self, row: Disposal) -> FormPage:
        from django.urls import reverse

        from civicmail.desk.retention.disposal_states import WORDS

        back = reverse("retention-disposal", args=[row.pk])
        crumbs = [("Disposals", reverse("retention-disposals")), (str(row), back)]
        return FormPage(
            title=self.title.format(row=row, captures=f"{row.captures:,}"), section=SECTION, crumbs=crumbs, back=back,
            state=WORDS[row.state], submit=self.submit.format(captures=f"{row.captures:,}"), stop=self.stop,
            effects=self.effects, stays=self.stays,
        )  # fmt: skip


class _Decide[Given: Input](_OnDisposal[Given]):
    permission = "retention.approve"

    def resource(self, row: Disposal, actor: Actor) -> Resource | None:
        from civicmail.desk.retention.actions import disposals

        return disposals.about(row)


class ApproveDisposal(_Decide[ApprovedList]):
    """Approve a disposal: exactly the captures of its list, after the notice period."""

    name, input = "approve_disposal", ApprovedList
    page = Page("retention/disposals/<int:pk>/approve/", "retention-disposal-approve")
    operation = Operation("/retention/disposals/{int:pk}/approve", _SCOPE)
    command = Command("disposal approve", row=_NUMBER, personal=True)
    title, submit, stop = "Dispose of {captures} captures?", "Approve the disposal of {captures} captures", True
    effects = (
        "When the notice period is over, the listed captures are removed with their keys, for ever.",
        "A certificate names them, you, and who proposed it.",
    )
    stays = (
        "Whatever is on hold, not due or under another schedule at that moment stays.",
        "Until it begins you can refuse it.",
    )

    def perform(self, row: Disposal, given: ApprovedList, *, actor: Actor, now: int) -> Disposal:
        from civicmail.desk.retention.actions import disposals

        return disposals.approve(row, given.manifest, reason=given.reason, actor=actor, now=now)

    def initial(self, row: Disposal) -> dict[str, Any]:
        return {"manifest": row.manifest}

    def message(self, row: Disposal, done: Disposal) -> str:
        return f"{done} is approved. It begins when the notice period is over."


class RefuseDisposal(_Decide[AnswerToDisposal]):
    """Refuse a disposal, also one that was approved, until it begins."""

    name, input = "refuse_disposal", AnswerToDisposal
    page = Page("retention/disposals/<int:pk>/refuse/", "retention-disposal-refuse")
    operation = Operation("/retention/disposals/{int:pk}/refuse", _SCOPE)
    command = Command("disposal refuse", row=_NUMBER, personal=True)
    title, submit = "Refuse {row}?", "Refuse 1 disposal"
    effects = ("Nothing of its list is disposed of, and both of you are notified.",)

    def perform(self, row: Disposal, given: AnswerToDisposal, *, actor: Actor, now: int) -> Disposal:
        from civicmail.desk.retention.actions import disposals

        return disposals.refuse(row, reason=given.reason, actor=actor, now=now)

    def message(self, row: Disposal, done: Disposal) -> str:
        return f"{done} is refused. Nothing is disposed of."


class WithdrawDisposal(_OnDisposal[AnswerToDisposal]):
    """Withdraw a proposal of disposal until the disposal begins."""

    name, permission, input = "withdraw_disposal", "retention.dispose", AnswerToDisposal
    page = Page("retention/disposals/<int:pk>/withdraw/", "retention-disposal-withdraw")
    operation = Operation("/retention/disposals/{int:pk}/withdraw", _SCOPE)
    command = Command("disposal withdraw", row=_NUMBER, personal=True)
    title, submit = "Withdraw {row}?", "Withdraw 1 disposal"
    effects = ("Nothing of its list is disposed of.",)

    def perform(self, row: Disposal, given: AnswerToDisposal, *, actor: Actor, now: int) -> Disposal:
        from civicmail.desk.retention.actions import disposals

        return disposals.withdraw(row, reason=given.reason, actor=actor, now=now)

    def message(self, row: Disposal, done: Disposal) -> str:
        return f"{done} is withdrawn. Nothing is disposed of."


PROPOSE, APPROVE, REFUSE, WITHDRAW = ProposeDisposal(), ApproveDisposal(), RefuseDisposal(), WithdrawDisposal()
ACTS: tuple[Act[Any, Any, Any], ...] = (PROPOSE, APPROVE, REFUSE, WITHDRAW)
