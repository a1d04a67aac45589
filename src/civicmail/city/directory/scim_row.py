"""Turn a SCIM user into a line of the personnel list, so that all feeds share one comparison, threshold and report. Pure.

`user` has the attributes that a provider sent, by their names in RFC 7643; an attribute that it never sent stays unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from civicmail.city.directory import feed_addresses
from civicmail.city.directory.feed_diff import NEEDS_CONTRACT, Known
from civicmail.city.directory.feed_file import KINDS

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
UserAttributes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Names:
    """The city's names for SCIM values. number: the attribute with the personnel number; kind, department: defaults; kinds: their
    word -> ours; departments: their name, or ours, in lower case -> code; contracts: code or name of an agency, or
    AGENCY/NUMBER, in lower case -> AGENCY/NUMBER; domains: of the city, in lower case."""

    codes: frozenset[str] = frozenset()
    departments: Mapping[str, str] = field(default_factory=dict)
    contracts: Mapping[str, str] = field(default_factory=dict)
    number: str = "employeeNumber"
    kind: str = "employee"
    kinds: Mapping[str, str] = field(default_factory=dict)
    department: str = ""
    domains: frozenset[str] = frozenset()

    def words_for_kinds(self) -> list[str]:
        """The kinds that are possible now: agency people need a contract."""
        ours = [kind for kind in KINDS if self.contracts or kind not in NEEDS_CONTRACT]
        return ours + sorted(self.kinds)


def uid_of(user: UserAttributes, names: Names) -> str:
    """The personnel number. Raises ValueError if it is missing."""
    if not (uid := number(user, names)):
        raise ValueError(f"{names.number} is needed: the person's number in the personnel system.")
    return uid


def number(user: UserAttributes, names: Names) -> str:
    """The personnel number, "" if it is missing."""
    where: UserAttributes = user.get(ENTERPRISE) or {} if names.number == "employeeNumber" else user
    return str(where.get(names.number) or "").strip()


def plain(user: UserAttributes, names: Names, known: Known | None, supervisor: str) -> dict[str, str]:
    """The line: column -> text. had: the person as the directory has them; kind, department or contract stay unchanged if the
    provider omits them. supervisor: uid. Raises ValueError with the sentence."""
    name, work = user.get("name") or {}, user.get(ENTERPRISE) or {}
    if not (family := _text(name.get("familyName"))):
        raise ValueError("name.familyName is needed.")
    known = known if known is not None and known.open else None
    kind = _kind(_text(user.get("userType")), names, known)
    address, aliases = _own_addresses(user, names)
    return {
        "uid": uid_of(user, names),
        "family": family,
        "given": _text(name.get("givenName")),
        "display": _text(user.get("displayName")),
        "kind": kind,
        "department": _department(_text(work.get("department")), names, known),
        "position": _text(user.get("title")),
        "supervisor": supervisor,
        "contract": _contract(_text(work.get("organization")), kind, names, known),
        "phone": _first(user.get("phoneNumbers"), "work"),
        "language": _language(_text(user.get("preferredLanguage"))),
        "address": address,
        "aliases": " ".join(aliases),
        "outside": " ".join(sorted({_text(e.get("value")).lower() for e in user.get("emails") or [] if e.get("type") == "home"})),
    }


def _own_addresses(user: UserAttributes, names: Names) -> tuple[str, list[str]]:
    """(main, others): addresses in the city's domains, the primary one as main; others are ignored."""
    mine = [e for e in user.get("emails") or [] if e.get("type") != "home"]
    mine.sort(key=lambda e: (e.get("primary") is not True, e.get("type") != "work"))
    return feed_addresses.from_directory([_text(e.get("value")) for e in mine], names.domains)


def columns(before: UserAttributes, user: UserAttributes, names: Names) -> frozenset[str]:
    """Columns that the provider controls: those it sends now, or sent before and removes.
    An address that it no longer sends stays."""
    both = (before, user)
    spoken = {"uid", "family", "kind", "department", "contract"}
    if _own_addresses(user, names)[0]:
        spoken |= feed_addresses.COLUMNS
    for column, is_present in _IS_PRESENT.items():
        if any(is_present(state) for state in both):
            spoken.add(column)
    return frozenset(spoken)


_IS_PRESENT: Mapping[str, Callable[[UserAttributes], bool]] = {
    "given": lambda s: bool((s.get("name") or {}).get("givenName")),
    "display": lambda s: bool(s.get("displayName")),
    "position": lambda s: bool(s.get("title")),
    "supervisor": lambda s: bool(manager(s)),
    "phone": lambda s: bool(s.get("phoneNumbers")),
    "language": lambda s: bool(s.get("preferredLanguage")),
    "outside": lambda s: any(e.get("type") == "home" for e in s.get("emails") or []),
}


def manager(user: UserAttributes) -> str:
    """The id of the manager, "" for none."""
    value = (user.get(ENTERPRISE) or {}).get("manager") or {}
    return _text(value.get("value")) or _text(value.get("$ref")).rstrip("/").rpartition("/")[2]


def is_active(user: UserAttributes) -> bool:
    """Whether the user is active, which is the default."""
    return user.get("active") is not False


def _kind(word: str, names: Names, known: Known | None) -> str:
    if not word:
        return known.kind if known else names.kind
    by_case = {theirs.lower(): ours for theirs, ours in names.kinds.items()}
    kind = by_case.get(word.lower(), word.lower())
    if kind not in KINDS:
        raise ValueError(f"There is no userType {word}; there are {', '.join(names.words_for_kinds())}.")
    return kind


def _department(name: str, names: Names, known: Known | None) -> str:
    if not name:
        code = known.department if known else names.department
        if not code:
            raise ValueError("department is needed: of the enterprise extension, a code or a name that is known here.")
        return code
    if (code := names.departments.get(name.lower(), "")) == "":
        raise ValueError(f"There is no department {name}.")
    return code


def _contract(organization: str, kind: str, names: Names, known: Known | None) -> str:
    if kind not in NEEDS_CONTRACT:
        return ""
    if not organization:
        return known.contract if known else ""
    if (contract := names.contracts.get(organization.lower(), "")) == "":
        raise ValueError(f"There is no agency {organization} with one running contract; write AGENCY/NUMBER as organization.")
    return contract


def _language(tag: str) -> str:
    return tag.partition(",")[0].partition(";")[0].partition("-")[0].strip().lower() or "en"


def _first(values: Any, kind: str) -> str:
    """The value of this type, else the primary one, else the first."""
    filled = [v for v in values or [] if _text(v.get("value"))]
    chosen = sorted(filled, key=lambda v: (v.get("type") != kind, v.get("primary") is not True))
    return _text(chosen[0]["value"]) if chosen else ""


def _text(value: Any) -> str:
    return " ".join(str(value).split()) if value else ""
