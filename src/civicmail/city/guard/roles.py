"""Roles, which roles exclude each other, and which are privileged (D1 to D4). The only such table; assignment and use both read it.
Pure."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Literal

from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _

Role = Literal[
    "system-administrator",
    "authoriser",
    "access-officer",
    "examiner",
    "examination-approver",
    "records-officer",
    "retention-officer",
    "auditor",
    "policy-author",
    "policy-approver",
    "security-officer",
    "privacy-officer",
    "city-attorney",
    "use-reviewer",
    "administration-director",
]


@dataclass(frozen=True, slots=True)
class Meaning:
    """A role's name and purpose. departmental: for one department; privileged: activated for at most four hours, with a reason
    (D4)."""

    name: Sentence
    purpose: Sentence
    _: KW_ONLY
    departmental: bool = False
    privileged: bool = False


ROLES: dict[Role, Meaning] = {
    "system-administrator": Meaning(
        _("System administrator"), _("keeps the machines running; sees envelopes, never content"), privileged=True
    ),
    "authoriser": Meaning(_("Department authorizer"), _("decides who of the department gets e-mail (P-04)"), departmental=True),
    "access-officer": Meaning(_("Access officer"), _("keeps roster, roles and reviews in order"), privileged=True),
    "examiner": Meaning(_("Examiner"), _("reads mail inside an approved examination (P-16)"), privileged=True),
    "examination-approver": Meaning(_("Examination approver"), _("says whether a case may be opened (P-16)"), privileged=True),
    "records-officer": Meaning(_("Records officer"), _("answers requests for records (P-21)"), privileged=True),
    "retention-officer": Meaning(_("Retention officer"), _("keeps and gives up mail by schedule (P-20)"), privileged=True),
    "auditor": Meaning(_("Auditor"), _("reads every entry, changes nothing")),
    "policy-author": Meaning(_("Policy author"), _("writes rules that others approve (P-29)")),
    "policy-approver": Meaning(_("Policy approver"), _("approves or denies rules that others wrote (P-29)")),
    "security-officer": Meaning(
        _("Security officer"),
        _("stops an attack for three days at most; a second person decides afterwards (P-25)"),
        privileged=True,
    ),
    "privacy-officer": Meaning(
        _("Privacy officer"), _("says whether confidential information that was kept back may leave (P-19)"), privileged=True
    ),
    "city-attorney": Meaning(
        _("City attorney"), _("reads mail for the city's lawsuits, inside an approved examination (P-16)"), privileged=True
    ),
    "use-reviewer": Meaning(_("Use reviewer"), _("reviews findings of rules on use, without names (P-12)")),
    "administration-director": Meaning(
        _("Administration director"), _("hears which departments have not answered for their people (P-28)")
    ),
}

MAX_HOURS = 4

_NOT_WITH_AUDIT: tuple[Role, ...] = (
    "system-administrator",
    "access-officer",
    "examiner",
    "examination-approver",
    "records-officer",
    "city-attorney",
    "policy-author",
    "policy-approver",
    "security-officer",
    "privacy-officer",
    "use-reviewer",
)
CONFLICTS: frozenset[frozenset[Role]] = frozenset(
    {
        frozenset[Role]({"system-administrator", "examiner"}),
        frozenset[Role]({"system-administrator", "examination-approver"}),
        frozenset[Role]({"system-administrator", "retention-officer"}),
        frozenset[Role]({"system-administrator", "access-officer"}),
        frozenset[Role]({"system-administrator", "city-attorney"}),
        frozenset[Role]({"system-administrator", "privacy-officer"}),
        frozenset[Role]({"system-administrator", "use-reviewer"}),  # seeing envelopes reveals who is behind a pseudonym
        frozenset[Role]({"security-officer", "use-reviewer"}),
        frozenset[Role]({"examiner", "examination-approver"}),
        frozenset[Role]({"city-attorney", "examination-approver"}),
        frozenset[Role]({"retention-officer", "records-officer"}),
        frozenset[Role]({"retention-officer", "auditor"}),
        frozenset[Role]({"authoriser", "auditor"}),
        *(frozenset[Role]({role, "auditor"}) for role in _NOT_WITH_AUDIT),
    }
)
"""Pairs that one person may not hold at the same time: whoever runs a control does not audit it (AC-5)."""


def conflicts(held: frozenset[Role], requested: Role) -> list[Role]:
    """The roles of a person that exclude the wanted one, in order."""
    return sorted(role for role in held if frozenset({role, requested}) in CONFLICTS)
