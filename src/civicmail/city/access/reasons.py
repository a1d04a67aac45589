"""The four reasons of P-04, in writing: job duties, performance, efficiency, service to the people of the city (M2). Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from civicmail.city.access.errors import Unusable
from civicmail.core.config.sentence import sentence

LEAST = 20
MOST = 2000


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why somebody gets e-mail; each in at least twenty characters."""

    duties: str
    performance: str
    efficiency: str
    service: str

    def checked(self) -> Reasons:
        """The same without white space around. Raises Unusable."""
        plain = {field: " ".join(text.split()) for field, text in self.plain().items()}
        fields = {field: f"Write at least {LEAST} characters." for field, text in plain.items() if len(text) < LEAST}
        fields |= {field: f"Write at most {MOST} characters." for field, text in plain.items() if len(text) > MOST}
        if fields:
            raise Unusable("E-mail is authorised for four reasons in writing.", fields)
        return Reasons(**plain)

    def plain(self) -> dict[str, str]:
        return asdict(self)


def reason(text: str, field: str = "reason", *, least: int = 3, most: int = 400) -> str:
    """A reason in words, without white space around. Raises Unusable."""
    plain = " ".join(text.split())
    if len(plain) < least:
        raise Unusable(
            sentence("Give a reason in words."),
            {field: sentence("Give a reason in words, at least {least} characters.", least=least)},
        )
    if len(plain) > most:
        raise Unusable(sentence("The reason is too long."), {field: sentence("At most {most} characters.", most=most)})
    return plain
