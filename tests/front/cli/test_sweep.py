"""Permission sweep of the command line: every verb, as every role and as nobody, in a claimed installation, against a list for
people (P-16, P-17).

The list is matrix.toml. A verb that is neither in it nor excluded there with a reason fails the sweep, so nobody forgets one.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from civicmail.city.guard.models import Entry
from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.core.disk.tail import Tail
from civicmail.core.query.tree import Everything
from civicmail.front.cli import verbs
from civicmail.front.cli.main import run
from civicmail.mail.archive import holds
from civicmail.mail.archive.records import Event, Type
from front.cli.calling import PARAMETERS, PEOPLE, Caller, call, capture, city, folder

__all__ = ["call", "capture", "city", "folder"]

MATRIX = tomllib.loads((Path(__file__).parent / "matrix.toml").read_text())
VERBS: dict[str, dict[str, Any]] = MATRIX["verb"]
OWNER: dict[str, int] = MATRIX["owner"]
EXCLUDED: dict[str, str] = MATRIX["excluded"]
REFUSED = 4


def test_every_verb_is_in_the_list_or_excluded_with_a_reason() -> None:
    """P-16, P-17."""
    lists = [VERBS.keys(), OWNER.keys(), EXCLUDED.keys()]
    assert PARAMETERS.keys() == set().union(*lists)
    assert sum(map(len, lists)) == len(PARAMETERS)
    assert all(len(reason) > 20 for reason in EXCLUDED.values())


@pytest.mark.rule(
    "P-16, P-17",
    "Every verb of the command line is in one table, as an act of the guard or with the reason why none is needed.",
)
def test_every_verb_has_an_act_of_the_guard_or_a_reason_why_not() -> None:
    assert verbs.VERBS.keys() == PARAMETERS.keys()
    for name, line in verbs.VERBS.items():
        assert (line.act in PERMISSIONS) != bool(line.why), name
        assert line.act or len(line.why) > 20, name
    assert {name for name, line in verbs.VERBS.items() if line.act} == VERBS.keys()
    assert all({"as_"} <= PARAMETERS[name] for name in VERBS)
    assert not [name for name, parameters in PARAMETERS.items() if name not in VERBS and "as_" in parameters]


def test_the_page_of_commands_says_what_the_table_says() -> None:
    page = (Path(__file__).parents[3] / "docs" / "operate" / "commands.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    written = {name.strip("`"): tuple(cell.strip("` ") for cell in rest) for name, *rest in rows}
    owner = {n: (v.why, "entry") if v.written else (v.why,) for n, v in verbs.VERBS.items() if v.why}
    assert written == owner | {n: (v.act,) for n, v in verbs.VERBS.items() if v.act}


@pytest.mark.rule("P-16", "A command without an assigned act cannot be called.")
def test_a_verb_that_nobody_decided_about_cannot_be_called(data: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Also one inside a group; it does not even begin."""
    for verb in ("doctor", "hold list"):
        monkeypatch.delitem(verbs.VERBS, verb)
        assert run([*verb.split(), "--data", str(data)]) == REFUSED
        assert f"`civicmail {verb}`" in capsys.readouterr().err


def one_of_each(allowed: set[str]) -> list[str]:
    """The first of those who may, and of those who may not."""
    return [*[who for who in PEOPLE if who in allowed][:1], *[who for who in PEOPLE if who not in allowed][:1]]


def test_who_may_calls_the_verb_and_nobody_else(call: Caller) -> None:
    """D2: exactly the people of the list get through, and who does not say who they are gets nothing at all. On PostgreSQL one of
    those who may and one of those who may not: the rows that decide between the others are the same there."""
    wrong = []
    for verb, row in VERBS.items():
        line = row.get("line", [])
        allowed = set(PEOPLE) if row["yes"] == "everybody" else set(row["yes"])
        assert allowed <= PEOPLE.keys(), verb
        for who in PEOPLE if connection.vendor == "sqlite" else one_of_each(allowed):
            good = row.get("code", 0) if who in allowed else row.get("no", REFUSED)
            if (code := call.and_undo(verb, *line, who=who)) != good:
                wrong.append(f"{verb} as {who}: {code}, not {good}: {call.said.err.decode().strip()}")
            elif who not in allowed and call.said.out:
                wrong.append(f"{verb} as {who}: refused, and something was shown")
        if (code := call.and_undo(verb, *line)) not in (2, REFUSED) or call.said.out:
            wrong.append(f"{verb} as nobody: {code}")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.rule(
    "P-17",
    "Work on the machine that changes something is done by the owner of the folder alone, and leaves an entry.",
)
def test_the_owner_of_the_machine_does_only_what_the_list_says(
    call: Caller, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work on the machine needs no token, and what changes something leaves an entry of the operating system's user; another
    user does none of it."""
    wrong, entries, tail = [], list[dict[str, Any]](), Tail(installed)
    for verb, code in OWNER.items():
        line = MATRIX["owner-line"].get(verb, [])
        if (got := call.and_undo(verb, *line)) != code:
            wrong.append(f"{verb}: {got}, not {code}: {call.said.err.decode().strip()}")
        entries += [Event.from_head(r.head).facts for r in tail.poll() if r.type == Type.ENTRY]
    assert wrong == [], "\n".join(wrong)
    written = {verb for verb in OWNER if verbs.VERBS[verb].written} - {"repair journal"}  # nothing was damaged
    assert written <= {e["act"] for e in entries}
    assert all(e["person"].startswith("os:") and e["duty"] == "owner" for e in entries if e["act"] in written)
    monkeypatch.setattr("os.geteuid", lambda: 4_000_000)
    for verb in written:
        assert call(verb, *MATRIX["owner-line"].get(verb, [])) == REFUSED, verb


@pytest.mark.rule(
    "P-16, P-17, D4",
    "In a claimed installation changes of mail or its retention are acts that the guard permits to a named role.",
)
def test_the_act_of_a_verb_is_asked_of_the_guard_as_the_role_that_was_said(call: Caller) -> None:
    """One line of the sweep, by itself."""
    assert call("hold add", "subject:bridge", who="operator") == REFUSED and b"needs the role" in call.said.err
    assert call("hold add", "subject:bridge", who="retention") == 0


@pytest.mark.rule(
    "P-16, promise 4, E6",
    "A person's act on the command line has an entry; if that cannot be written, nothing is done.",
)
def test_what_a_person_does_is_an_entry_with_it(call: Caller, installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry has person, role and reason, and the record in the archive names the same person; where the entry cannot
    be written, nothing is done."""
    assert call("hold add", "subject:bridge", who="retention") == 0
    entry = Entry.objects.get(act="retention.hold")
    assert (entry.person, entry.duty, entry.reason) == ("p-retention", "retention-officer", "as case 26-14 says, in writing")
    (hold,) = holds.load(installed)
    assert entry.facts == {"verb": "hold add", "scope": "subject:bridge", "ground": "other", "hold": hold.id}
    assert call("hold list", "--json", who="auditor") == 0
    assert b'"actor":"p-retention"' in call.said.out

    def full(*_: Any, **__: Any) -> None:
        from django.db import DatabaseError

        raise DatabaseError("disk full")

    monkeypatch.setattr("civicmail.city.guard.actions.entries.enter", full)
    assert call("hold add", "subject:road", who="retention") == 5
    assert b"audit log cannot be written" in call.said.err
    monkeypatch.undo()
    from civicmail.mail.archive.inventory import inventory

    assert [h.scope for h in inventory(installed).holds] == ["subject:bridge"]


def test_of_a_hold_under_a_mandate_the_list_tells_neither_whose_mail_it_is_nor_who_looks(call: Caller, installed: Path) -> None:
    """E1: the retention officer who reads the list may be whom it is about."""
    holds.place(
        installed, ground="request", scope=f"{holds.MANDATE}26-001: secret", tree=Everything(), actor="p-x", reason="why", now=1
    )
    assert call("hold list", who="retention") == 0
    assert b"mandate\n" in call.said.out
    assert not any(word in call.said.out for word in (b"26-001", b"secret", b"p-x", b"why"))
