"""The four reasons for mail access, as fields of a form (P-04)."""

from __future__ import annotations

from civicmail.city.guard.reasons import MAX_LENGTH, MIN_LENGTH, Reasons
from civicmail.city.pages.inputs import Input, Text


class FourReasons(Input):
    """The four reasons of P-04, each in at least twenty characters."""

    duties = Text(
        label="Which duties need it?", help="The work that cannot be done as well without mail.",
        min_length=MIN_LENGTH, max_length=MAX_LENGTH,
    )  # fmt: skip
    performance = Text(label="How does it help the person to do better work?", min_length=MIN_LENGTH, max_length=MAX_LENGTH)
    efficiency = Text(label="How does it save time or money?", min_length=MIN_LENGTH, max_length=MAX_LENGTH)
    service = Text(label="How does it help the people of the city?", min_length=MIN_LENGTH, max_length=MAX_LENGTH)

    @property
    def reasons(self) -> Reasons:
        return Reasons(self.duties, self.performance, self.efficiency, self.service)
