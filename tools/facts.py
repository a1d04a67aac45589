"""Write docs/policy/facts.md from the table of rule facts: `.venv/bin/python tools/facts.py`. A test compares the two."""

from __future__ import annotations

from pathlib import Path

from civicmail.city.policy.facts import FACTS, Fact
from civicmail.city.policy.failure_policy import PART_LABELS

PAGE = Path(__file__).parents[1] / "docs" / "policy" / "facts.md"
_TYPES = {"bool": "yes or no", "int": "number", "text": "text", "texts": "texts"}
_DEFAULTS = {"False": "no", "": "empty", "()": "none"}
_HEAD = """# Facts

What rules may ask about ([rules.md](rules.md)). This page is written by `tools/facts.py` from `src/civicmail/city/policy/facts.py`.

A fact of a message holds for all of its copies, a fact of a recipient for one. What nobody has said has its default. *Found
by* is the part that finds it out; when that part cannot answer, the fact is not known, and a rule that hangs on it follows
the fail matrix. Facts of the envelope, of the directory and of the message's own fields are found by no part and are always
known, unless the limited process that opens messages (`read`) could not answer: then nothing that stands in a message is.

What is kept with a message in the archive is what differs from the defaults, so that a rule that is written later can be
tried on mail of the past and does what it would have done then.
"""


def page() -> str:
    parts = [
        _HEAD,
        *(_table(of, title) for of, title in (("message", "Of a message"), ("recipient", "Of one recipient"))),
        _parts(),
    ]
    return "\n".join(parts)


def _table(of: str, title: str) -> str:
    rows = [_row(fact) for fact in FACTS.values() if fact.of == of]
    return "\n".join([f"## {title}", "", "| fact | is | default | found by | says |", "|---|---|---|---|---|", *rows, ""])


def _row(fact: Fact) -> str:
    default = _DEFAULTS.get(str(fact.default), str(fact.default))
    return f"| `{fact.name}` | {_TYPES[fact.type]} | {default} | {f'`{fact.check}`' if fact.check else ''} | {fact.says} |"


def _parts() -> str:
    rows = [f"| `{part}` | {words} |" for part, words in PART_LABELS.items()]
    return "\n".join(
        ["## Parts", "", "What can fail, as the fail matrix names it.", "", "| part | what it is |", "|---|---|", *rows, ""]
    )


if __name__ == "__main__":
    PAGE.write_text(page())
