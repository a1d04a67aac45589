"""Turn LDAP entries into lines of the personnel list. Pure.

`feeds.ldap.attributes` maps columns to attributes; the defaults are those of inetOrgPerson (RFC 2798) and Active Directory.
An entry without a personnel number is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from civicmail.city.directory import feed_addresses
from civicmail.city.directory.feed_file import Feed, feed_of

USUAL_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "uid": ("employeeNumber", "employeeID"),
    "family": ("sn",),
    "given": ("givenName",),
    "display": ("displayName",),
    "kind": ("employeeType",),
    "department": ("departmentNumber", "department"),
    "position": ("title",),
    "supervisor": ("manager",),
    "phone": ("telephoneNumber",),
    "address": ("mail",),
    "aliases": ("proxyAddresses", "mailAlternateAddress", "mailLocalAddress"),
    "language": ("preferredLanguage",),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. values: attribute in lower case -> texts, in the server's order."""

    dn: str
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def first(self, names: Iterable[str]) -> str:
        """The first value of the first attribute that has one."""
        for name in names:
            if values := [v for v in self.values.get(name.lower(), ()) if v.strip()]:
                return values[0]
        return ""

    def all(self, names: Iterable[str]) -> list[str]:
        """All values of these attributes."""
        return [value for name in names for value in self.values.get(name.lower(), ()) if value.strip()]


@dataclass(frozen=True, slots=True)
class LdapMapping:
    """How entries become rows. attributes: our column -> theirs, before the usual ones; kinds, departments: their values in lower
    case -> ours; kind, department: defaults; domains: of the city, in lower case."""

    attributes: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    departments: Mapping[str, str] = field(default_factory=dict)
    kind: str = "employee"
    department: str = ""
    domains: frozenset[str] = frozenset()

    def names(self, column: str) -> tuple[str, ...]:
        """The attributes that a column may come from."""
        return (self.attributes[column],) if column in self.attributes else USUAL_ATTRIBUTES.get(column, ())

    def requested_attributes(self) -> list[str]:
        """All attributes to request from a server."""
        return sorted({name for column in (*USUAL_ATTRIBUTES, *self.attributes) for name in self.names(column)})


def feed(entries: Sequence[Entry], reading: LdapMapping) -> Feed:
    """The list. A supervisor is named by DN or by number; one without an entry is left out and reported. Raises Unusable if it has
    no people."""
    by_dn = {_dn(e.dn): e.first(reading.names("uid")) for e in entries}
    columns = {"uid", "family", "kind", "department"}
    columns |= {c for c in {*USUAL_ATTRIBUTES, *reading.attributes} if any(e.first(reading.names(c)) for e in entries)}
    lines = [(n, _line(e, reading, by_dn)) for n, e in enumerate(entries, 1)]
    return feed_of(frozenset(columns), lines)


def _line(entry: Entry, reading: LdapMapping, by_dn: Mapping[str, str]) -> dict[str, str]:
    plain = {column: entry.first(reading.names(column)) for column in {*USUAL_ATTRIBUTES, *reading.attributes}}
    plain |= _own_addresses(entry, reading)
    boss = plain["supervisor"]
    plain["supervisor"] = by_dn.get(_dn(boss)) or (boss.rpartition(",")[0] or boss)[:60] if boss else ""
    if plain["supervisor"] == plain["uid"]:
        plain["supervisor"] = ""  # the usual way to state that there is none
    kind, department = plain["kind"].strip(), plain["department"].strip()
    plain["kind"] = reading.kinds.get(kind.lower(), kind) if kind else reading.kind
    plain["department"] = reading.departments.get(department.lower(), department) if department else reading.department
    plain["language"] = plain["language"].partition(",")[0].partition("-")[0].strip().lower()
    for column in ("starts", "ends"):
        if len(time := plain.get(column, "")) >= 8 and time[:8].isdecimal():  # generalized time, RFC 4517 3.3.13
            plain[column] = f"{time[:4]}-{time[4:6]}-{time[6:8]}"
    return plain


def _own_addresses(entry: Entry, reading: LdapMapping) -> dict[str, str]:
    """Addresses in the city's domains; others in the directory are ignored.
    Values have no order (RFC 4511 4.1.7), so of several in `mail` the main one is marked by "SMTP:"; without that the entry is
    refused with all of them."""
    mails, others = (entry.all(reading.names(column)) for column in ("address", "aliases"))
    marked, _ = feed_addresses.from_directory([word for word in (*mails, *others) if word.startswith("SMTP:")], reading.domains)
    mine, more = feed_addresses.from_directory(mails, reading.domains)
    first, rest = feed_addresses.from_directory(others, reading.domains)
    every = [a for a in dict.fromkeys((mine, *more, first, *rest)) if a]
    address = marked or " ".join(a for a in (mine, *more) if a)
    return {"address": address, "aliases": " ".join(a for a in every if a not in address.split())}


def _dn(text: str) -> str:
    """Normalize a DN: lower case, no blanks around its parts; escapes stay."""
    return ",".join(part.strip() for part in text.lower().split(","))
