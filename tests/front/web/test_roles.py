"""A state and a remark in a template have a role that there is, and are shown with its icon."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import civicmail
from civicmail.front.web.templatetags.cm import ICONS, note, status


@pytest.mark.rule("promise 7", "Every role of a state or a remark that a template names has its icon: no page fails for a word.")
def test_every_role_that_a_template_names_has_its_icon() -> None:
    """Else the page is a fault of ours, in the one case in which it says something."""
    named = {
        (path.name, role)
        for path in Path(civicmail.__file__).parent.rglob("*.html", recurse_symlinks=True)
        for role in re.findall(r'\{% (?:note|status) "(\w*)"', path.read_text("utf-8"))
    }
    assert len(named) > 40
    assert {(page, role) for page, role in named if role not in ICONS and role != "plain"} == set()


def test_each_role_can_be_shown() -> None:
    for role in ICONS:
        assert note(role, "Something waits.")["icon"] and "Waits" in status(role, "Waits")
