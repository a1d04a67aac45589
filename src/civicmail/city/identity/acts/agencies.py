"""Acts on agencies and their contracts: add, change, suspend, resume (P-09; C1, C3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import require_row
from civicmail.city.pages.act import Act, Command, FormPage, Operation, Page, Parameter
from civicmail.city.pages.inputs import Because, Day, Input, OptionalPerson, Slug, Text, reason

if TYPE_CHECKING:
    from civicmail.city.directory.models import Agency, Contract

_SECTION = "Agencies"
_CODE = {"code": Parameter("AGENCY", "The code of an agency.")}
_NUMBER_LENGTH = 60


class AgencyToChange(Input):
    """contact: whom one reaches there."""

    name = Text(label="Name", max_length=120, rows=1)
    contact = Text(label="Whom does one reach there?", help="Name and telephone.", max_length=200, rows=1, required=False)
    reason = reason()


class AgencyToAdd(Input):
    """code: small letters, digits and dashes, for ever; the personnel list names it."""

    code = Slug(label="Code", max_length=40, help="Small letters, digits and dashes, as the personnel list has it.")
    name = AgencyToChange.name
    contact = AgencyToChange.contact
    reason = reason()


class ContractTerms(Input):
    """sponsor: who in the city answers for its people; ends: the last day."""

    sponsor = OptionalPerson(label="Who in the city answers for its people?", help="The sponsor of the contract.", required=False)
    ends = Day(label="Last day")
    reason = reason()


class ContractToAdd(Input):
    """A contract of an agency."""

    number = Text(label="Number of the contract", max_length=_NUMBER_LENGTH, rows=1)
    sponsor = ContractTerms.sponsor
    starts = Day(label="First day")
    ends = ContractTerms.ends
    reason = reason()


class AddAgency(Act[None, AgencyToAdd, "Agency"]):
    """Add a company or body whose people work for the city."""

    name, permission, input = "add_agency", "agency.change", AgencyToAdd
    page = Page("access/agencies/new/", "agency-new")
    operation = Operation("/agencies", "write:people", status=201)
    command = Command("agency add", positions=("code", "name"))

    def perform(self, given: AgencyToAdd, *, actor: Actor, now: int) -> Agency:
        from civicmail.city.identity.actions import organization

        return organization.make_agency(given.code, given.name, contact=given.contact, actor=actor, reason=given.reason, now=now)

    def message(self, row: None, done: Agency) -> str:
        return f"{done} was added. Add its contract next."

    def after(self, done: Agency) -> str:
        return _url(done)

    def form_page(self) -> FormPage:
        from django.urls import reverse

        back = reverse("agencies")
        return FormPage(title="New agency", section=_SECTION, submit="Add 1 agency", back=back, crumbs=[(_SECTION, back)])


class _OnAgency[Given: Input, Done](Act["Agency", Given, Done]):
    model, key = "directory.Agency", "code"

    def find(self, code: str, *, actor: Actor, now: int) -> Agency:
        from civicmail.city.directory.models import Agency

        return require_row(Agency.objects.filter(code=code).first(), f"The directory has no agency {code}.")


class ChangeAgency(_OnAgency[AgencyToChange, "Agency"]):
    """Change its name, and how to reach it; the code stays."""

    name, permission, input = "change_agency", "agency.change", AgencyToChange
    page = Page("access/agencies/<slug:code>/change/", "agency-change")
    operation = Operation("/agencies/{slug:code}", "write:people", method="PATCH")
    success_message = "The agency was changed."

    def initial(self, row: Agency) -> Mapping[str, Any]:
        return {"name": row.name, "contact": row.contact}

    def perform(self, row: Agency, given: AgencyToChange, *, actor: Actor, now: int) -> Agency:
        from civicmail.city.identity.actions import organization

        organization.change_agency(row, given.name, given.contact, actor=actor, reason=given.reason, now=now)
        row.refresh_from_db()
        return row

    def form_page(self, row: Agency) -> FormPage:
        return FormPage(title=f"Change {row.name}", section=_SECTION, submit="Save", back=_url(row), crumbs=_crumbs(row))


class AddContract(_OnAgency[ContractToAdd, "Contract"]):
    """Add a contract with its dates and the city's person who answers for the people under it."""

    name, permission, input = "add_contract", "agency.change", ContractToAdd
    page = Page("access/agencies/<slug:code>/contracts/new/", "contract-new")
    operation = Operation("/agencies/{slug:code}/contracts", "write:people", status=201)
    command = Command("agency contract", row=_CODE, positions=("number",))

    def perform(self, row: Agency, given: ContractToAdd, *, actor: Actor, now: int) -> Contract:
        from civicmail.city.identity.actions import organization

        return organization.make_contract(
            row, given.number, given.sponsor, given.starts, given.ends, actor=actor, reason=given.reason, now=now
        )

    def message(self, row: Agency, done: Contract) -> str:
        return f"Contract {done.number} was added."

    def form_page(self, row: Agency) -> FormPage:
        title = f"New contract of {row.name}"
        return FormPage(title=title, section=_SECTION, submit="Add 1 contract", back=_url(row), crumbs=_crumbs(row))


class ChangeContract(Act["Contract", ContractTerms, tuple["Contract", int]]):
    """Set another sponsor or last day: access ends with the contract at the latest."""

    name, permission, input = "change_contract", "agency.change", ContractTerms
    model, related = "directory.Contract", ("agency", "sponsor")
    page = Page("access/contracts/<int:pk>/", "contract-change")
    operation = Operation("/contracts/{int:id}", "write:people", method="PATCH")

    def initial(self, row: Contract) -> Mapping[str, Any]:
        return {"sponsor": row.sponsor.uid if row.sponsor else "", "ends": row.ends}

    def perform(self, row: Contract, given: ContractTerms, *, actor: Actor, now: int) -> tuple[Contract, int]:
        from civicmail.city.identity.actions import organization

        count = organization.change_contract(row, given.sponsor, given.ends, actor=actor, reason=given.reason, now=now)
        row.refresh_from_db()
        return row, count

    def message(self, row: Contract, done: tuple[Contract, int]) -> str:
        return f"The contract was changed. Access that ends earlier now: {done[1]}."

    def form_page(self, row: Contract) -> FormPage:
        return FormPage(
            title=f"Change contract {row.number}?", section=_SECTION, submit="Change 1 contract", back=_url(row.agency),
            crumbs=_crumbs(row.agency),
            effects=[
                "Access of the people under it ends with the last day of the contract at the latest.",
                "A later last day makes nobody's access longer: the departments extend it.",
            ],
        )  # fmt: skip


class _Switch(_OnAgency[Because, "tuple[Agency, int]"]):
    permission, input = "agency.suspend", Because
    way: str

    def message(self, row: Agency, done: tuple[Agency, int]) -> str:
        return f"{row} is switched {self.way}, with {done[1]} of its people."

    def perform(self, row: Agency, given: Because, *, actor: Actor, now: int) -> tuple[Agency, int]:
        from civicmail.city.identity.actions import organization

        verb = organization.suspend_agency if self.way == "off" else organization.resume_agency
        count = verb(row, actor=actor, reason=given.reason, now=now)
        row.refresh_from_db()
        return row, count

    def _page(self, row: Agency, effects: list[str]) -> FormPage:
        return FormPage(
            title=f"Switch {row.name} {self.way}?", section=_SECTION, submit=f"Switch {self.way} 1 agency with {_people(row)}",
            back=_url(row), crumbs=_crumbs(row), stop=self.way == "off", effects=effects,
            stays=[
                "No mail is deleted, no authorization ends, no contract changes.", "One entry names everybody whom this concerns.",
            ],
        )  # fmt: skip


class SuspendAgency(_Switch):
    """Stop the mail of all its people at once, in one act."""

    name, way = "switch_agency_off", "off"
    page = Page("access/agencies/<slug:code>/off/", "agency-off")
    operation = Operation("/agencies/{slug:code}/off", "write:access")
    command = Command("agency suspend", row=_CODE)

    def form_page(self, row: Agency) -> FormPage:
        are = "is" if _count(row) == 1 else "are"
        return self._page(row, [
            f"{_people(row)} of {row.name} cannot send, and {are} out of every page and program within a second.",
            "What comes in for them is kept and held until the agency is switched on again.",
        ])  # fmt: skip


class ResumeAgency(_Switch):
    """Let its people use mail again, as far as each is authorized."""

    name, way = "switch_agency_on", "on"
    page = Page("access/agencies/<slug:code>/on/", "agency-on")
    operation = Operation("/agencies/{slug:code}/on", "write:access")
    command = Command("agency resume", row=_CODE)

    def form_page(self, row: Agency) -> FormPage:
        from civicmail.city.identity.authorization_states import LIVING
        from civicmail.city.identity.models import Authorization

        holders = Authorization.objects.filter(episode__contract__agency=row, episode__ended__isnull=True, role="holder")
        mail = holders.filter(state__in=LIVING).count()
        return self._page(row, [
            f"{_people(row)} of {row.name} can use mail again, as far as each is authorized. "
            f"With an authorization of their own: {mail}.",
            "What was held is delivered.",
        ])  # fmt: skip


def _count(row: Agency) -> int:
    from civicmail.city.directory.models import Episode

    return Episode.objects.filter(contract__agency=row, ended__isnull=True).count()


def _people(row: Agency) -> str:
    count = _count(row)
    return f"{count} {'person' if count == 1 else 'people'}"


def _url(row: Agency) -> str:
    from django.urls import reverse

    return reverse("agency", args=[row.code])


def _crumbs(row: Agency) -> list[tuple[str, str]]:
    from django.urls import reverse

    return [(_SECTION, reverse("agencies")), (row.name, _url(row))]


ADD_AGENCY, CHANGE_AGENCY, ADD_CONTRACT, CHANGE_CONTRACT = AddAgency(), ChangeAgency(), AddContract(), ChangeContract()
SUSPEND_AGENCY, RESUME_AGENCY = SuspendAgency(), ResumeAgency()
ACTS: tuple[Act[Any, Any, Any], ...] = (
    ADD_AGENCY, CHANGE_AGENCY, ADD_CONTRACT, CHANGE_CONTRACT, SUSPEND_AGENCY, RESUME_AGENCY,
)  # fmt: skip
