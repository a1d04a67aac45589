"""The choice of a code with the facts that it needs, as two screens offer it: the usual ones first, the others folded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from civicmail.city.law.entries import Code, Fact
from civicmail.city.law.pack import LawPack
from civicmail.desk.records.models import Request
from civicmail.desk.records.queries import reviews

USUAL = 6


@dataclass(frozen=True, slots=True)
class Need:
    """A box for a fact. name: of its field, which is different for each code."""

    fact: Fact
    name: str
    value: str
    error: str


@dataclass(frozen=True, slots=True)
class Choice:
    """used: how often in this request."""

    code: Code
    used: int
    is_chosen: bool
    needs: list[Need]


@dataclass(frozen=True, slots=True)
class Choices:
    """usual: those that were used most here, and first of the pack; is_open: whether the chosen one is among the others."""

    usual: list[Choice]
    others: list[Choice]

    @property
    def is_open(self) -> bool:
        return any(choice.is_chosen for choice in self.others)


def choices(
    request: Request,
    pack: LawPack,
    fits: Callable[[Code], bool],
    *,
    today: date,
    chosen: str = "",
    given: Mapping[str, str],
    errors: Mapping[str, str],
) -> Choices:
    """The codes that fit, of those in force. given: what was typed, by the names of fields; errors: by "fact-ID"."""
    used = reviews.codes_used(request)
    codes = sorted(filter(fits, pack.codes_on(today)), key=lambda code: -used[code.id])
    chosen = chosen or (codes[0].id if len(codes) == 1 else "")
    made = []
    for code in codes:
        is_chosen = code.id == chosen
        needs = [_need(pack, code, need, given, errors if is_chosen else {}) for need in code.needs]
        made.append(Choice(code, used[code.id], is_chosen, needs))
    return Choices(made, []) if len(made) <= USUAL + 1 else Choices(made[:USUAL], made[USUAL:])


def _need(pack: LawPack, code: Code, need: str, given: Mapping[str, str], errors: Mapping[str, str]) -> Need:
    name = field_name(code.id, need)
    return Need(pack.fact(need), name, given.get(name, ""), errors.get(f"fact-{need}", ""))


def field_name(code: str, fact: str) -> str:
    return f"fact-{code}-{fact}"


def facts_of(given: Mapping[str, str]) -> dict[str, str]:
    """The facts that were typed for the chosen code."""
    start = f"fact-{given.get('code', '')}-"
    return {key.removeprefix(start): value[:2000] for key, value in given.items() if key.startswith(start)}
