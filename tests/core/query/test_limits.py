"""What one query may ask for at most; what was accepted before means what it meant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from civicmail.core.query.errors import QueryError
from civicmail.core.query.limits import STARS_MOST, WORDS_MOST
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import Or

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        " OR ".join(f"w{n}" for n in range(WORDS_MOST)),
        '"' + "w " * WORDS_MOST + '"',
        " ".join(f"w{n}*" for n in range(STARS_MOST)),
        " OR ".join(f"from:ann{n}@*" for n in range(STARS_MOST)),
        " OR ".join(f"thread:<{n}@x.example>" for n in range(STARS_MOST)),
        "a* AROUND 50 b*",
        '"a b*" AROUND 9 c',
        "from:(" + " OR ".join(f"a{n}@x.example" for n in range(1_500)) + ")",
    ],
)
def test_up_to_the_limits_everything_is_asked(text: str) -> None:
    parse(text, now=NOW)


@pytest.mark.rule(
    "P-21",
    "A query has at most 250 words and 20 prefixes, whoever sends it, and a larger one is refused with the number.",
)
@pytest.mark.parametrize(
    ("text", "most"),
    [
        (" OR ".join(f"w{n}" for n in range(WORDS_MOST + 1)), WORDS_MOST),
        ("subject:(" + " ".join("w" for _ in range(WORDS_MOST + 1)) + ")", WORDS_MOST),
        (" OR ".join(f"larger:{n}" for n in range(WORDS_MOST + 1)), WORDS_MOST),
        ('"' + "w " * (WORDS_MOST + 1) + '"', WORDS_MOST),
        (" OR ".join(['"a b" AROUND 20 "c d"'] * 2), WORDS_MOST),
        (" ".join(f"w{n}*" for n in range(STARS_MOST + 1)), STARS_MOST),
        ("-" + " -".join(f"w{n}*" for n in range(STARS_MOST + 1)), STARS_MOST),
        ("subject:(" + " OR ".join(f'"a w{n}*"' for n in range(STARS_MOST + 1)) + ")", STARS_MOST),
        (" OR ".join(f"from:ann{n}@*" for n in range(STARS_MOST + 1)), STARS_MOST),
        (" OR ".join(f"thread:<{n}@x.example>" for n in range(STARS_MOST + 1)), STARS_MOST),
        (" ".join(["a* AROUND 5 b*"] * 11), STARS_MOST),
        ('"a b*" AROUND 10 c', STARS_MOST),
    ],
)
def test_what_asks_for_more_is_refused_with_the_number(text: str, most: int) -> None:
    """Promise 5: red on main of 29 November, where a thousand were asked."""
    with pytest.raises(QueryError, match=f"may have {most} ") as refused:
        parse(text, now=NOW)
    assert 0 <= refused.value.position < len(text)
    assert parse(text, now=NOW, accepted=True)


def test_what_was_accepted_before_is_whole() -> None:
    found: Any = parse(" OR ".join(f"w{n}*" for n in range(1_000)), now=NOW, accepted=True)
    assert isinstance(found, Or)
    assert len(found.parts) == 1_000
