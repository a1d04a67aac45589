"""People and their employment: rows are never deleted, supervision has no cycles (L3, L5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from civicmail.city.directory.errors import Unusable, field_error, require_usable
from civicmail.city.directory.models import Contract, Department, Episode, Person

_NAME_MOST = {"uid": 60, "given": 80, "family": 80, "display": 160, "phone": 40, "language": 12}


@dataclass(frozen=True, slots=True)
class Name:
    """Names and contact data. display: the name in From (P-14); empty: given and family name."""

    family: str
    given: str = ""
    display: str = ""
    phone: str = ""
    language: str = "en"

    @property
    def shown(self) -> str:
        return self.display or f"{self.given} {self.family}".strip()

    def plain(self) -> dict[str, str]:
        return {
            "family": self.family,
            "given": self.given,
            "display": self.shown,
            "phone": self.phone,
            "language": self.language,
        }


@dataclass(frozen=True, slots=True)
class Work:
    """An employment: position, department, contract. ends: the planned last day."""

    kind: str
    department: Department
    position: str = ""
    supervisor: Person | None = None
    contract: Contract | None = None
    starts: date | None = None
    ends: date | None = None


def add(uid: str, name: Name) -> Person:
    """Raises Unusable."""
    checked(uid, name)
    if Person.objects.filter(uid=uid).exists():
        raise field_error("uid", f"There is a person {uid} already.")
    return Person.objects.create(uid=uid, **name.plain())


def rename(person: Person, name: Name) -> dict[str, list[str]]:
    """Change name, telephone and language; returns what changed: [before, after]."""
    checked(person.uid, name)
    changed = {}
    for field, value in name.plain().items():
        if (before := getattr(person, field)) != value:
            changed[field] = [before, value]
            setattr(person, field, value)
    if changed:
        person.save(update_fields=list(changed))
    return changed


def checked(uid: str, name: Name) -> None:
    """Raise Unusable for a name that cannot be a row or a header."""
    fields = {}
    if not name.family.strip():
        fields["family"] = "A person has a family name."
    if not uid.strip():
        fields["uid"] = "A person has the number of the personnel system."
    for field, value in {"uid": uid, **name.plain()}.items():
        if len(value) > _NAME_MOST[field]:
            fields[field] = f"At most {_NAME_MOST[field]} characters."
        elif not value.isprintable():
            fields[field] = "Only characters that can be printed, on one line."
    if "@" in name.shown:
        fields["display"] = "A display name has no @: it would read as another address (P-14)."
    require_usable(fields)


def hire(person: Person, work: Work) -> Episode:
    """A new episode begins. Raises Unusable while another one is open."""
    if person.episodes.filter(ended__isnull=True).exists():
        raise Unusable(f"{person} works for the city already.")
    if work.starts is None:
        raise field_error("starts", "Employment has a first day.")
    require_supervisor(person, work.supervisor)
    return Episode.objects.create(
        person=person,
        kind=work.kind,
        department=work.department,
        position=work.position,
        supervisor=work.supervisor,
        contract=work.contract,
        starts=work.starts,
        ends=work.ends,
    )


def require_supervisor(person: Person, supervisor: Person | None) -> None:
    """Raise Unusable where supervision would go round in a circle."""
    seen = {person.pk}
    above = supervisor
    while above is not None:
        if above.pk in seen:
            raise field_error("supervisor", f"{supervisor} cannot supervise {person}: they would supervise each other.")
        seen.add(above.pk)
        episode = above.episodes.filter(ended__isnull=True).select_related("supervisor").first()
        above = episode.supervisor if episode else None
