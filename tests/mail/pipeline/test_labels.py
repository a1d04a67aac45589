"""What a label is, and what is none (P-02)."""

from __future__ import annotations

import pytest

from civicmail.mail.archive.records import Event, Type
from civicmail.mail.pipeline.labels import Label, label_of, labeled

T0 = 1_772_452_800_000


@pytest.mark.parametrize("facts", [{}, {"label": "eggs", "how": "report"}, {"label": "spam", "how": "dream", "by": "x"}])
def test_a_label_that_is_none_says_nothing(facts: dict[str, str]) -> None:
    assert label_of(Event(Type.LABELLED, bytes(16), T0, facts=facts)) is None
    with pytest.raises(ValueError):
        labeled(bytes(16), Label(True, "x", "dream"), T0)
