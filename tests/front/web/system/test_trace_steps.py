"""Steps of a traced message: what the checks found, in words."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from civicmail.front.web.system.trace_steps import Ledgered, StoryStep, steps_of
from civicmail.mail.archive.envelopes import MessageTrace


def _steps(checks: Sequence[tuple[str, str]]) -> list[StoryStep]:
    traced = MessageTrace(
        uuid="01a2150e", sha256="0" * 64, received=1_772_452_800_000, basis="clock", size=900, source="mx",
        listener="mx", sender="ibis@outside.example", client="198.51.100.7", helo="mx.outside.example", protocol="esmtp", tls="",
        login="", class_="general", journal="j", number=1, checks=tuple(checks), passages=(), steps=(),
    )  # fmt: skip
    return steps_of(traced, Ledgered(None, 0), {}).steps


@pytest.mark.rule("P-17", "A trace names what a check looks for, and counts only checks that found something.")
def test_a_record_of_the_checks_is_no_finding() -> None:
    [_, _, step] = _steps([("names", "pretender"), ("names", "staff-name"), ("screening", "checks"), ("policy", "book")])
    assert (step.title, step.text) == ("One check found something", "Who pretends to be somebody.")
    assert step.lines == "names: pretender\nnames: staff-name"
    [_, _, step] = _steps([("screening", "checks"), ("policy", "book")])
    assert (step.title, step.text) == ("The checks found nothing", "")
    [_, _, step] = _steps([("names", "pretender"), ("edge", "spf"), ("a-new-one", "odd")])
    assert (step.title, step.text) == (
        "3 checks found something",
        "Who pretends to be somebody; what servers before us said; a-new-one.",
    )
