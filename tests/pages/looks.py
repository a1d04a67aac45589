"""What is looked at on a page in Chromium: WCAG 2.1 AA by axe, reflow, focus, paper (P3; ADA title II, 28 CFR 35.200).

looked_at() sees a page as it is open, in English, by this plan:

| | width | scheme | besides |
|---|---|---|---|
| a desk | 1280 | light | the focus of each control |
| a phone, or 400 % zoom | 320 | dark | the focus of each control |
| 200 % zoom | 640 | forced colors | |
| paper | 710 | print | nothing to press |

Each look runs all of axe, and nothing scrolls sideways. in_spanish() sees it at 320 in the light and 1280 in the dark scheme: so
each page of an employee is seen in both languages and both schemes with all of axe, and in each scheme at either end of the widths.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest_playwright_axe
from django.conf import settings

from civicmail.front.web.language import is_office

SOURCE = (Path(pytest_playwright_axe.__file__).parent / "resources/axe.min.js").read_text("utf-8")
RULES: dict[str, Any] = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],
    "iframes": False,  # nothing runs in those that we have, so axe would only knock
}
SHEET = 710
"""Letter with its margins, in CSS pixels."""


class Look(NamedTuple):
    width: int
    scheme: str = "light"
    forced: str = "none"
    keyboard: bool = False


LOOKS = (Look(1280, keyboard=True), Look(320, "dark", keyboard=True), Look(640, forced="active"))
SPANISH_LOOKS = (Look(320), Look(1280, "dark"))

FOCUS = """() => {
  const wrong = [], named = e => e.outerHTML.slice(0, 90).replace(/\\s+/g, ' ');
  const stops = [...document.querySelectorAll('a[href],button,input,select,textarea,summary,[tabindex]')].filter(
    e => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({visibilityProperty: true}));
  const ring = style => style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth);
  for (const e of stops) {
    e.focus();
    if (document.activeElement !== e) { wrong.push('no focus: ' + named(e)); continue; }
    if (e.tabIndex > 0) wrong.push('an order of its own: ' + named(e));
    const label = e.labels && e.labels[0];
    const drawn = label && ring(getComputedStyle(label, '::before')) >= 2 ? label : e;
    if (drawn === e && Math.max(ring(getComputedStyle(e)), ring(getComputedStyle(e.parentElement))) < 2)
      wrong.push('the focus is not seen: ' + named(e));
    const box = drawn.getBoundingClientRect();
    let clipped = false;
    for (let p = drawn; p; p = p.parentElement) clipped ||= getComputedStyle(p).clipPath !== 'none';
    if (clipped || box.right <= 0 || box.left >= innerWidth || box.width < 2 || box.height < 2)
      wrong.push('focus where nothing is seen: ' + named(e));
  }
  return wrong;
}"""
"""Every control takes the focus in the order of the document, where it is seen, and shows it by two pixels: itself, on its label,
or, for a field with tokens, around them."""
PRESSED = """() => [...document.querySelectorAll('button:not(.cm-hidden),.cm-nav,.cm-find')].filter(
  e => e.checkVisibility({visibilityProperty: true})).map(e => e.outerHTML.slice(0, 90))"""
"""What nobody can press on paper; what was typed into a form is there."""


def looked_at(page: Any) -> list[str]:
    """What is wrong with a page, in every look."""
    wrong = [f"{look.width} {look.scheme} {look.forced}: {text}" for look in LOOKS for text in seen(page, look)]
    return wrong + _printed(page)


def in_spanish(page: Any) -> list[str]:
    """The same in Spanish, if the page is in the language of its reader."""
    if is_office(urlsplit(page.url).path):
        return []
    page.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": "es", "url": page.url}])
    page.reload()
    assert page.evaluate("document.documentElement.lang") == "es"
    return [f"{look.width} {look.scheme} in Spanish: {text}" for look in SPANISH_LOOKS for text in seen(page, look)]


def violations(page: Any, forced: str) -> list[str]:
    """What axe finds. Under forced colors it mixes the colors of author and system, so contrast is looked at by eye there."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(f"(() => {{{SOURCE}}})()")
    rules = {**RULES, "rules": {"color-contrast": {"enabled": forced == "none"}}}
    ask = (
        "async o => (await axe.run(document, o)).violations.map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).join(', '))"
    )
    found: list[str] = page.evaluate(ask, rules)
    return found


def seen(page: Any, look: Look) -> list[str]:
    """What is wrong in one look."""
    page.set_viewport_size({"width": look.width, "height": 800})
    page.emulate_media(color_scheme=look.scheme, forced_colors=look.forced)
    if look.scheme == "dark":
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    wrong = violations(page, look.forced) + _too_wide(page, look.width)
    if look.keyboard:
        wrong += _focus(page)
    page.emulate_media(color_scheme="light", forced_colors="none")
    return wrong


def _too_wide(page: Any, width: int) -> list[str]:
    wide = page.evaluate("document.scrollingElement.scrollWidth")
    return [f"{wide} px wide"] if wide > width else []


def _focus(page: Any) -> list[str]:
    """By keyboard: a first key, so that the browser shows the focus; each control in turn; then one key out of the last."""
    page.keyboard.press("Tab")
    wrong: list[str] = page.evaluate(FOCUS)
    last = "document.activeElement.outerHTML.slice(0, 90)"
    before = page.evaluate(last)
    page.keyboard.press("Tab")
    wrong += [f"no way out of {before}"] if page.evaluate(last) == before else []
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    return wrong


def _printed(page: Any) -> list[str]:
    page.set_viewport_size({"width": SHEET, "height": 960})
    page.emulate_media(media="print")
    wrong = [f"on paper: {text}" for text in [*page.evaluate(PRESSED), *_too_wide(page, SHEET)]]
    page.emulate_media(media="screen")
    return wrong
