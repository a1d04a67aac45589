"""Every page works where no script runs: whatever is seen and can be pressed is a link, a form or the browser's own (issue 22)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from selectolax.lexbor import LexborHTMLParser as Parser
from selectolax.lexbor import LexborNode as Node

from pages.conftest import with_mail
from pages.test_looks import visitor
from pages.test_sweep import PAGES, path_of
from pages.world import carry, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
FIELDS = 'input:not([type="hidden"]),select,textarea'


@pytest.mark.rule("P-06", "Every page works without script: what can be pressed is a link, a form or the browser's own.")
def test_every_control_does_something_without_script(installed: Path) -> None:
    t = with_mail(installed, every=True)
    (installed / "claimed").touch()
    carry(timezone.now())
    dead, seen = {}, 0
    for name, page in PAGES.items():
        if page.get("get", True):
            client = Client()
            client.cookies["sessionid"] = signed_in(t.people[visitor(page)])
            answer = client.get(path_of(page, t))
            if answer["Content-Type"].startswith("text/html") and answer.status_code == 200:
                seen += 1
                if found := without_effect(answer.content.decode()):
                    dead[name] = found
    assert dead == {}
    assert seen > 200


def test_what_needs_script_is_told_from_what_does_not() -> None:
    assert without_effect('<a href="#">x</a><button type="button">x</button><form></form><input name="q">') == [
        '<a href="#">x</a>',
        '<button type="button">x</button>',
        '<input name="q">',
    ]
    assert without_effect('<form><input name="q"><button>x</button></form><p hidden><button type="button">x</button></p>') == []


def without_effect(html: str) -> list[str]:
    """What is seen, can be pressed or filled in, and leads nowhere. What only a script shows is hidden until then."""
    body = Parser(html)
    wrong = [a for a in body.css("a") if (a.attributes.get("href") or "#") == "#"]
    wrong += [button for button in body.css("button") if not _acts(button)]
    wrong += [field for field in body.css(FIELDS) if not _sent(field)]
    return [(node.html or "")[:120] for node in wrong if not _is_hidden(node)]


def _acts(button: Node) -> bool:
    is_native = "popovertarget" in button.attributes or "command" in button.attributes
    return is_native or (button.attributes.get("type", "submit") != "button" and _sent(button))


def _sent(control: Node) -> bool:
    return "form" in control.attributes or any(node.tag == "form" for node in _around(control))


def _is_hidden(node: Node) -> bool:
    return any("hidden" in each.attributes for each in (node, *_around(node)))


def _around(node: Node) -> list[Node]:
    found = []
    while (above := node.parent) is not None:
        found.append(above)
        node = above
    return found
