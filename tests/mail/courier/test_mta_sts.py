"""A policy of MTA-STS is read as RFC 8461 3.2 says, and whatever is none proves nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.mail.courier.mta_sts import Policy, is_published, parse

GOOD = "version: STSv1\r\nmode: enforce\r\nmx: mail.agency.example\r\nmx: *.mx.agency.example\r\nmax_age: 604800\r\n"


@pytest.mark.rule("P-19", "A wildcard of such a policy matches one label.")
def test_a_policy_names_servers_and_a_star_stands_for_one_label() -> None:
    policy = parse(GOOD)
    assert policy is not None and policy.mode == "enforce"
    named = ["mail.agency.example", "a.mx.agency.example", "a.b.mx.agency.example", "mx.agency.example", "evil.example"]
    assert [policy.names(server) for server in named] == [True, True, False, False, False]


@pytest.mark.parametrize("line", ["version: STSv1", "mode: enforce", "max_age: 604800"])
def test_without_one_of_its_fields_it_is_none(line: str) -> None:
    assert parse(GOOD.replace(line, "")) is None


def test_the_record_stands_there_once() -> None:
    assert is_published(["v=STSv1; id=1;", "v=spf1 -all"])
    assert not is_published(["v=STSv1; id=1;", "v=STSv1; id=2;"]) and not is_published([])


@pytest.mark.parametrize(
    "record", ["v=STSv1;", "v=STSv1; id=", "v=STSv1; id=1;;", "v=STSv1; ext=1", "v = STSv1; id=1", "v=STSv1; id=a-b"]
)
def test_a_record_that_cannot_be_read_says_nothing(record: str) -> None:
    assert not is_published([record])


@pytest.mark.parametrize("server", ["", "*.*.example", "**.example", "-a.example", "a.example-", "m\xf8x.example", "*"])
def test_a_policy_with_a_server_that_has_no_name_is_none(server: str) -> None:
    assert parse(GOOD) is not None and parse(f"{GOOD}mx: {server}\r\n") is None


@given(st.text())
def test_any_text_is_a_policy_or_none(text: str) -> None:
    assert isinstance(parse(text), Policy | None)
