"""Findings and dispositions are plain values that go into a head and come back the same."""

from __future__ import annotations

import dataclasses

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.policy.dispositions import Disposition, Finding

findings = st.builds(Finding, *[st.text()] * 3, st.integers(0, 2**53), st.integers(0, 2**53), st.text())
dispositions = st.builds(
    Disposition,
    st.integers(0, 1000),
    st.sampled_from(["deliver", "mark", "hold", "quarantine", "encrypt", "redirect", "refuse", "pending", "kept"]),
    st.lists(st.text()).map(tuple),
)


@given(findings)
def test_a_finding_survives_a_head(finding: Finding) -> None:
    assert Finding(**finding.plain()) == finding
    assert Finding(**orjson.loads(orjson.dumps(finding.plain()))) == finding


@given(dispositions)
def test_a_disposition_survives_a_head(disposition: Disposition) -> None:
    plain = orjson.loads(orjson.dumps(disposition.plain()))
    assert Disposition(plain["to"], plain["do"], tuple(plain["rules"])) == disposition


def test_neither_can_be_changed_once_it_was_made() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Disposition(0, "deliver").do = "refuse"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        Finding("dmarc", "fail").code = "pass"  # type: ignore[misc]
