"""The four reasons of P-04 in writing: job duties, performance, efficiency, service (M2). Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from civicmail.city.guard.errors import Unusable
from civicmail.core.config.sentence import sentence

MIN_LENGTH = 20
MAX_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class Reasons:
    """The reasons for e-mail access of a person; each in at least twenty characters."""

    duties: str
    performance: str
    efficiency: str
    service: str

    def validated(self) -> Reasons:
        """The same without white space around. Raises Unusable."""
        plain = {field: " ".join(text.split()) for field, text in self.plain().items()}
        fields = {field: f"Write at least {MIN_LENGTH} characters." for field, text in plain.items() if len(text) < MIN_LENGTH}
        fields |= {field: f"Write at most {MAX_LENGTH} characters." for field, text in plain.items() if len(text) > MAX_LENGTH}
        if fields:
            raise Unusable("E-mail is authorized for four reasons in writing.", fields)
        return Reasons(**plain)

    def plain(self) -> dict[str, str]:
        return asdict(self)


def checked_reason(text: str, field: str = "reason", *, min_length: int = 3, max_length: int = 400) -> str:
    """A reason in words, without white space around. Raises Unusable."""
    plain = " ".join(text.split())
    if len(plain) < min_length:
        raise Unusable(
            sentence("Give a reason in words."),
            {field: sentence("Give a reason in words, at least {least} characters.", least=min_length)},
        )
    if len(plain) > max_length:
        raise Unusable(sentence("The reason is too long."), {field: sentence("At most {most} characters.", most=max_length)})
    return plain
