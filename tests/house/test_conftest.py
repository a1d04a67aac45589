"""The ground under the tests: what conftest promises to all of them."""

from __future__ import annotations

import socket
import time
import warnings
from pathlib import Path

import pytest
from time_machine import Traveller

from django_rows import may_ask

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).parents[1] / "conftest.py"
A_NEEDY_TEST = """
import pytest
pytestmark = pytest.mark.timeout(30)
@pytest.mark.neighbour("no-such-program-of-mail")
def test_with_neighbour(): pass
@pytest.mark.corpora
def test_with_corpora(): pass
@pytest.mark.neighbour("namespaces", "dovecot")
def test_with_what_no_path_answers(): pass
"""
A_NEEDY_MACHINE = """
_ELSE |= {"namespaces": lambda: False, "dovecot": lambda: False}
"""
A_NEEDY_HOUSE = """
[pytest]
markers =
    neighbour: x
    corpora: x
"""


@pytest.fixture
def needy(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.delenv("CIVICMAIL_CORPORA", raising=False)
    monkeypatch.delenv("CIVICMAIL_NOTHING_MISSING", raising=False)
    pytester.makeconftest(CONFTEST.read_text() + A_NEEDY_MACHINE)
    pytester.makepyfile(test_needy=A_NEEDY_TEST)
    pytester.makefile(".ini", pytest=A_NEEDY_HOUSE)
    return pytester


@pytest.mark.rule("house", "A test reaches no other machine.")
def test_a_test_cannot_reach_another_machine() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
            socket.create_connection(("192.0.2.1", 25), 0.1)


def test_a_test_can_reach_loopback_and_unix_sockets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()[:2]):
        pass
    a, b = socket.socketpair(socket.AF_UNIX)
    a.close()
    b.close()


def test_the_frozen_clock_stands_still_until_it_is_moved(frozen: Traveller) -> None:
    before = time.time()
    assert time.time() == before
    frozen.shift(3600)
    assert time.time() == before + 3600


def test_the_data_folder_is_initialized_and_private(data: Path) -> None:
    assert (data / "civicmail.toml").is_file()
    assert data.stat().st_mode & 0o077 == 0


def test_what_is_missing_skips_and_is_listed_at_the_end(needy: pytest.Pytester) -> None:
    result = needy.runpytest_subprocess("-q", "-p", "no:cacheprovider")
    result.assert_outcomes(skipped=3)
    lines = ["CIVICMAIL_CORPORA*: 1 test", "dovecot: 1 test", "namespaces: 1 test", "no-such-program-of-mail: 1 test"]
    result.stdout.fnmatch_lines(["*not tested for want of*", *lines])
    assert "3 skipped" in result.stdout.lines[-1], "the summary line stays the last one"


@pytest.mark.rule("house", "If all programs are required, a test with a missing program fails instead of being skipped.")
def test_where_nothing_may_be_missing_what_is_missing_fails(needy: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVICMAIL_NOTHING_MISSING", "1")
    result = needy.runpytest_subprocess("-q", "-p", "no:cacheprovider")
    assert result.parseoutcomes() == {"errors": 3}
    for thing in ("no-such-program-of-mail", "namespaces"):
        result.stdout.fnmatch_lines([f"*{thing}*allows no gap*"])


def test_a_test_without_a_database_is_not_played_again_on_postgresql(request: pytest.FixtureRequest) -> None:
    """pytest-django gave each of them a fixture which looked as if it had one, and the lane was twice as long (decision 0067)."""
    assert not may_ask(request.node)


@pytest.mark.parametrize("fixture", ["db", "transactional_db"])
def test_a_test_with_a_database_is(fixture: str, request: pytest.FixtureRequest) -> None:
    request.node.fixturenames.append(fixture)
    assert may_ask(request.node)
    request.node.fixturenames.remove(fixture)
    request.node.add_marker("django_db")
    assert may_ask(request.node)
