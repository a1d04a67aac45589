"""Convert pieces of a message to our HTML. Every character of the sender is escaped here, and none of their tags is copied.

This is done in one pass and not by a template for each piece: a page of text may have thousands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from civicmail.desk.viewer import runs as run_text
from civicmail.desk.viewer.message_view import Block, File, Person, Run, Shown
from civicmail.desk.viewer.views import words

register = template.Library()

FOLDED = 3
"""Quoted lines that are not folded away."""
_LEVELS = 4
_FOLLOWED = ("https://", "http://", "mailto:", "tel:")
_LINK = '<a href="{}" target="_blank" rel="noopener noreferrer nofollow"{}>{}</a>'
"""Opens a window of its own, without access to ours."""
_OFF = "off"
"""In place of the address of a link that is not to be followed."""
_WRAPPED, _USUAL = 50, 66
"""Characters of the longest line of a paragraph that a program has wrapped: at least, and usually at least."""
_SOFT = '<span class="cm-soft">\n</span>'
_GOES = ' class="cm-goes"'
"""For a link whose words are not its address: printed pages show the address behind them."""


@register.filter
def runs(text_runs: Sequence[Run]) -> SafeString:
    """A name, an address, a subject, a line of a header."""
    return SafeString("".join(_run(run) for run in text_runs))


@register.simple_tag
def person(one: Person, sender: bool = False) -> SafeString:
    """A name and an address, each with its own writing direction. sender: the domain is emphasized, because names are only
    claims."""
    address = SafeString(f'<bdi dir="ltr">{_domain_bold(one.address) if sender else runs(one.address)}</bdi>')
    if not one.name:
        return address
    return format_html('<bdi dir="auto">{}</bdi> &lt;{}&gt;', runs(one.name), address)


@register.filter
def address(text_runs: Sequence[Run]) -> SafeString:
    """An address with its domain emphasized."""
    return SafeString(_domain_bold(text_runs))


@register.filter
def links(shown: Shown) -> list[Run]:
    """The links of a text that can be followed, one of each host and address."""
    linked = {run.url: run for block in shown.blocks for run in block.runs if run.kind == "link" and run.url.startswith(_FOLLOWED)}
    return list(linked.values())


@register.simple_tag
def reading(shown: Shown, off: object = None) -> SafeString:
    """The text of a message. What is quoted from others is folded, unless there is nothing else. off: links cannot be followed
    here, because there is reason to doubt the message."""
    own = any(block.quote == 0 and block.runs for block in shown.blocks)
    shown_blocks = [_without_links(block) for block in shown.blocks] if off else shown.blocks
    pieces: list[str] = []
    for is_quoted, group in groupby(shown_blocks, key=lambda block: block.quote > 0):
        blocks = list(group)
        if not is_quoted:
            pieces += map(_block, blocks)
            continue
        lines = sum(1 + "".join(run.text for run in block.runs).count("\n") for block in blocks)
        quoted = "".join(_quoted(blocks))
        if lines <= FOLDED or not own:
            pieces.append(quoted)
        else:
            summary = ngettext("{count} quoted line", "{count} quoted lines", lines).format(count=lines)
            pieces.append(f"<details><summary>{escape(summary)}</summary>{quoted}</details>")
    return SafeString("\n".join(pieces))


@register.filter
def kind(file: File) -> str:
    return words.kind(file.kind)


@register.filter
def plain(text_runs: Sequence[Run]) -> str:
    """For an attribute, where there is only text."""
    return run_text.plain(text_runs)


def _domain_bold(address: Sequence[Run]) -> str:
    *before, last = address
    local, at, domain = last.text.rpartition("@")
    if last.kind != "text" or not at:
        return runs(address)
    return f"{runs(before)}{escape(local)}@<strong>{escape(domain)}</strong>"


def _quoted(blocks: Sequence[Block]) -> Iterator[str]:
    level = 0
    for block in blocks:
        target_level = min(block.quote, _LEVELS)
        yield '<blockquote class="cm-q">' * (target_level - level) + "</blockquote>" * (level - target_level)
        level = target_level
        yield _block(block)
    yield "</blockquote>" * level


def _without_links(block: Block) -> Block:
    return replace(block, runs=tuple(replace(run, url=_OFF) if run.kind == "link" and run.url else run for run in block.runs))


def _block(block: Block) -> str:
    if block.kind == "rule":
        return "<hr>"
    inner = "".join(map(_run, block.runs))
    if block.kind == "text" and "\n" in inner:
        inner = _reflowed("".join(run.text for run in block.runs), inner)
    if block.kind == "heading":
        return f'<p dir="auto"><strong>{inner}</strong></p>'
    if block.kind == "pre":
        return f'<pre class="cm-mono" dir="auto">{inner}</pre>'
    return f'<p dir="auto" class="cm-item">{inner}</p>' if block.kind in ("item", "row") else f'<p dir="auto">{inner}</p>'


def _run(run: Run) -> str:
    text = escape(run.text)
    if run.kind == "text":
        return text
    if run.kind == "control":
        return f'<code class="cm-mono">[{text}]</code>'
    if run.kind == "picture":
        return f'<span class="cm-hint">[{escape(gettext("picture"))}: <bdi dir="auto">{text}</bdi>]</span>'
    return _linked(run, text)


def _reflowed(text: str, inner: str) -> str:
    """The paragraph with soft breaks where the writer's program wrapped its lines; cm.css joins these lines on narrow screens. A
    line was wrapped if the next word would have made it longer than the longest line, or than lines usually are."""
    lines, (first, *rest) = text.split("\n"), inner.split("\n")
    width = max(map(len, lines))
    if width < _WRAPPED or len(rest) != len(lines) - 1:
        return inner
    words = (below.partition(" ")[0] for below in lines[1:])
    usual = min(width, _USUAL)
    soft = (len(line) + 1 + len(word) > usual and word[:1].isalnum() for line, word in zip(lines[:-1], words, strict=True))
    return first + "".join(f"{_SOFT if is_soft else chr(10)}{line}" for is_soft, line in zip(soft, rest, strict=True))


def _linked(run: Run, text: str) -> str:
    """The words of a link, then its real host, unless the words are that host."""
    host = escape(run.host)
    goes = "" if run.text.strip() == run.url else _GOES
    if run.url.startswith(_FOLLOWED):
        link = _LINK.format(escape(run.url), goes, text.strip() or host)
    elif run.url == _OFF:
        link = text.strip() or host
    else:
        return f'{text} <bdi class="cm-hint">[{escape(gettext("this link cannot be opened"))}]</bdi>'
    if run.lies:
        warning = escape(gettext("really goes to {host}")).replace("{host}", f"<strong>{host}</strong>")
        return f'{link} <bdi class="cm-lie">[{warning}]</bdi>'
    if not text.strip() or run.host.lower() in run.text.lower():
        return link
    return f'{link} <bdi class="cm-hint">[{escape(gettext("goes to {host}")).replace("{host}", host)}]</bdi>'
