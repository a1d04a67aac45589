"""Each rule of the starter pack alone, read from its own lines, so that one that is broken breaks no other's test.

Each has an example that it fits and one that it does not, or the book is not read (reading.py); what it serves and does is written
down a second time, in docs/policy/starter.md.
"""

from __future__ import annotations

import re
import tomllib

import pytest

from city.policy.books import NOW
from civicmail.city.policy import rule_parser
from civicmail.city.policy.active_rules import STARTER_FOLDER
from civicmail.city.policy.engine import decide, fits
from civicmail.city.policy.rules import Rule, RuleSet
from house.sources import ROOT

_ID = re.compile(r'(?m)^id = "(.+)"$')


def _lines() -> dict[str, str]:
    """The lines of each rule, by its id."""
    found: dict[str, str] = {}
    for path in sorted(STARTER_FOLDER.glob("*.toml")):
        for block in re.split(r"(?m)^(?=\[\[rule\]\]$)", path.read_text(encoding="utf-8"))[1:]:
            (id_,) = _ID.findall(block)
            found[id_] = block.partition("[matrix]")[0]
    return found


LINES = _lines()
TABLE = re.findall(r"(?m)^\| `([a-z-]+)` \| (P-\d\d) \| (\w+) \| (\w+) \|$", (ROOT / "docs" / "policy" / "starter.md").read_text())


def _alone(id_: str) -> Rule:
    """Raises UnusableBook where an example does not come out, as any book does."""
    (rule,) = rule_parser.parse_rule_set([(f"{id_}.toml", LINES[id_])]).rules
    return rule


@pytest.mark.rule(
    "P-02, P-10, P-11, P-12, P-13, P-19, P-22, P-25, P-26, P-27",
    "Each rule of the starter pack speaks where its clause does, and nowhere else.",
)
@pytest.mark.parametrize("id_", sorted(LINES))
def test_a_rule_speaks_where_its_examples_say_and_nowhere_else(id_: str) -> None:
    """With the rule alone in the book: whatever others would do, this one does what it says."""
    rule = _alone(id_)
    for example in rule.examples:
        assert fits(rule, example.facts) is example.fits
        (found,) = decide(RuleSet((rule,), rule_parser.parse_rule_set([]).matrix), example.facts, [example.facts], NOW)
        assert any(name.rpartition(":")[2] == id_ for name in found.rules) is example.fits
        kept = rule.do if rule.mode == "enforce" and example.fits else "deliver"
        assert found.do == kept


def test_what_each_rule_serves_and_does_is_what_is_written_down() -> None:
    """Whoever adds a rule, or changes what one does, says so there."""
    pack = [rule for path in sorted(STARTER_FOLDER.glob("*.toml")) for rule in tomllib.loads(path.read_text()).get("rule", [])]
    assert [(rule["id"], rule["clause"], rule["mode"], rule["do"]) for rule in pack] == TABLE
