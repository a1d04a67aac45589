"""Whatever a program sends, an answer is one that the document names, in its form, and never a fault of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.front.web.api.document import API, HEARD
from pages.programs import asking
from pages.world import town

SUBJECTS = (
    "People",
    "Departments",
    "Access",
    "Ends of access",
    "Mailboxes",
    "Lists",
    "Agencies",
    "Duties",
    "Policy",
    "Audit log",
    "Me",
)
SUBJECTS += ("Departments answer", "Violations", "External systems", "Personnel feed")
SCHEMA: dict[str, Any] = API.get_openapi_schema()
OPERATIONS = sorted(
    (method.upper(), path, operation["operationId"])
    for path, ways in SCHEMA["paths"].items()
    for method, operation in ways.items()
    if operation["tags"][0] in SUBJECTS
)
ODD = st.one_of(
    st.sampled_from(["", "\0", "p-crew0", "northline", "public-works", "2026-02-30", "9" * 400, "a@b", "\ud800", "' OR 1=1", "⁦x"]),
    st.text(max_size=12),
)
VALUES: st.SearchStrategy[Any] = st.one_of(ODD, st.integers(-1, 1 << 70), st.none(), st.booleans(), st.lists(ODD, max_size=2))
WORDS = st.sampled_from(
    ["1", "0", "p-crew0", "northline", "public-works", "streets@city.example", "x" * 300, "9" * 30, "%00", "..", "é", "-1"]
)


def _properties(path: str, method: str) -> dict[str, Any]:
    body = SCHEMA["paths"][path][method.lower()].get("requestBody")
    if body is None:
        return {}
    name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    found: dict[str, Any] = SCHEMA["components"]["schemas"][name]["properties"]
    return found


def _fitting(name: str, shape: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Mostly of the right type, so that it gets past the door."""
    if "date" in str(shape):
        return st.sampled_from(["2026-12-31", "0001-01-01", "9999-12-31", "2199-12-31"])
    kind = shape.get("type", "string")
    fits: dict[str, st.SearchStrategy[Any]] = {
        "integer": st.integers(-(1 << 40), 1 << 40), "boolean": st.booleans(), "array": st.lists(ODD, max_size=2),
    }  # fmt: skip
    long = st.just("A reason of more than twenty characters.") if name == "reason" else ODD
    return fits.get(kind, long)


@pytest.mark.rule("P-29", "Any input of a program gets a documented answer, and never a server error.")
@pytest.mark.django_db
def test_no_request_is_a_fault_of_ours(installed: Path) -> None:
    """Hypothesis over the document; bodies of any shape, addresses of any words."""
    (installed / "claimed").touch()
    works = town()
    asks = [asking(works.people[who]) for who in ("office", "head")]

    @settings(max_examples=120)
    @given(st.data())
    def hostile(data: st.DataObject) -> None:
        method, path, name = data.draw(st.sampled_from(OPERATIONS))
        while "{" in path:
            before, _, rest = path.partition("{")
            path = f"{before}{data.draw(WORDS)}{rest.partition('}')[2]}"
        query = data.draw(
            st.sampled_from(
                [
                    "",
                    "?limit=0",
                    "?after=IiI",
                    "?after=MQ",
                    "?after=MTg0NDY3NDQwNzM3MDk1NTE2MTU",
                    "?q=%27&act=x",
                    "?state=x&day=9",
                    "?limit=200",
                ]
            )
        )
        shapes = _properties(next(p for m, p, n in OPERATIONS if n == name), method)
        drawn = {key: data.draw(st.one_of(_fitting(key, shape), VALUES)) for key, shape in shapes.items()}
        body = _sendable(data.draw(st.sampled_from([drawn, drawn, drawn, [], None, "x", 7])))
        answer = data.draw(st.sampled_from(asks))(method, f"{path}{query}", body)
        assert answer.status_code < 500, (name, path, body, answer.content)
        if answer.status_code >= 400:
            assert answer.status_code in (*HEARD, 405) and answer.headers["Content-Type"] == "application/problem+json", name

    hostile()


def _sendable(body: Any) -> Any:
    """Half of a surrogate pair has no bytes, so nobody can send one."""
    if isinstance(body, str):
        return body.encode("utf-8", "replace").decode()
    if isinstance(body, list):
        return [_sendable(one) for one in body]
    if isinstance(body, dict):
        return {key: _sendable(value) for key, value in body.items()}
    return min(body, (1 << 63) - 1) if isinstance(body, int) and not isinstance(body, bool) else body
