"""The test suites of others for SPF and ARC: how many of their tests are decided as they say. For tests and for the benchmark."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import yaml

from civicmail.mail.screening import arc, signatures, spf
from mail.screening.zone import Zone, zone

Wrong = list[tuple[str, object, object]]
"""(which test, what we say, what it says)."""


def of_spf(corpora: Path) -> tuple[int, Wrong]:
    """The suite of openspf for RFC 7208: how many tests, and those that come out otherwise."""
    wrong: Wrong = []
    total = 0
    for scenario in yaml.safe_load_all((corpora / "pyspf/rfc7208-tests.yml").read_text(encoding="utf-8")):
        rows = {name.lower().rstrip("."): _records(name, records) for name, records in scenario["zonedata"].items()}
        for name, test in scenario["tests"].items():
            total += 1
            expected = test["result"] if isinstance(test["result"], list) else [test["result"]]
            asked = {"client": str(test["host"]), "sender": test.get("mailfrom") or "", "helo": test["helo"]}
            got = asyncio.run(spf.check(Zone(rows), seconds=60, **asked))
            if got.result not in expected:
                wrong.append((f"{scenario['description']} {name}", got, expected))
    return total, wrong


def of_arc(corpora: Path) -> tuple[int, Wrong]:
    """Chains of the suite for ARC, with both kinds of line ends; three of its 171 tests leave the answer open."""
    wrong: Wrong = []
    decided = 0
    text = (corpora / "arc_test_suite/tests/arc-draft-validation-tests.yml").read_text(encoding="utf-8")
    for document in yaml.safe_load_all(text):
        dns = zone(document.get("txt-records") or {})
        for name, test in document["tests"].items():
            if test["cv"] == "":
                continue
            decided += 1
            for message in (test["message"], test["message"].replace("\n", "\r\n")):
                verdict = asyncio.run(arc.verify(dns, signatures.read(message.encode()), seconds=60))
                if verdict.result != (test["cv"] or "none").lower():
                    wrong.append((name, verdict, test["cv"]))
    return decided, wrong


def _records(name: str, records: list[Any]) -> dict[str, list[str] | str]:
    """A name of the suite as a row of a zone: SPF records are TXT records, unless it has TXT records of its own."""
    row: dict[str, list[str] | str] = {}
    own_txt = any(isinstance(record, dict) and "TXT" in record for record in records)
    for record in records:
        if record == "TIMEOUT":
            row["*"] = "TEMP"
            continue
        ((kind, value),) = record.items()
        if kind == "SPF":
            if own_txt:
                continue
            kind = "TXT"
        if value == "NONE":
            continue
        if kind == "MX":
            value = f"{value[0]} {value[1]}"
        elif kind == "TXT":
            value = "".join(value) if isinstance(value, list) else value
            value = value.encode("utf-8").decode("latin-1") if not value.isascii() else value
        if kind == "CNAME":
            row["CNAME"] = value
        else:
            rows = row.setdefault(kind, [])
            assert isinstance(rows, list)
            rows.append(value)
    return row
