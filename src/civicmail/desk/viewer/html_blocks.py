"""Turn HTML into blocks of text in reading order, without any tag. Pure; runs in a sandboxed process."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from civicmail.desk.viewer.message_view import Block, BlockKind, Run
from civicmail.desk.viewer.runs import link_runs, linked, runs_of

_BLOCKS = frozenset({
    "p", "div", "tr", "td", "th", "li", "dt", "dd", "dl", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tbody", "thead",
    "tfoot", "caption", "blockquote", "pre", "center", "article", "section", "header", "footer", "main", "nav", "aside", "address",
    "form", "fieldset", "legend", "option", "select", "button", "figure", "figcaption", "details", "summary", "body", "textarea",
})  # fmt: skip
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_PRE = frozenset({"pre", "textarea", "listing", "xmp"})
_CELLS = frozenset({"td", "th"})
_NO_ROW = "table,p,div,ul,ol,blockquote,pre,h1,h2,h3,h4,h5,h6,br,img"
_ROW_CHARS = 400
_SPACE = re.compile(r"[ \t\n\r\f]+")
_OLDER_IDS = frozenset({"divRplyFwdMsg", "mail-editor-reference-message-container"})
"""Ids that Outlook puts around a quoted message."""
SEPARATOR = " | "


@dataclass(slots=True)
class Page:
    """blocks: the text. pictures: number of pictures not shown. form: it has input fields."""

    blocks: list[Block] = field(default_factory=list)
    pictures: int = 0
    form: bool = False


def read(tree: LexborHTMLParser) -> Page:
    """The tree of hypertext.seen()."""
    writer = _Writer()
    node = tree.body
    if node is not None:
        _walk(node, writer)
    writer.flush()
    return writer.page


def _walk(top: LexborNode, writer: _Writer) -> None:
    """Depth first without recursion, because a sender controls the depth."""
    open_: list[tuple[LexborNode, str]] = []
    node: LexborNode | None = top
    while node is not None:
        if node.is_text_node:
            writer.text(node.text_content or "")
        elif node.is_element_node:
            tag = node.tag or ""
            writer.enter(tag, node)
            child = node.child
            if child is not None:
                open_.append((node, tag))
                node = child
                continue
            writer.leave(tag)
        following = node.next if open_ else None
        while following is None and open_:
            node, tag = open_.pop()
            writer.leave(tag)
            following = node.next if open_ else None
        node = following


class _Writer:
    """The output so far. Words are held until their kind is known."""

    def __init__(self) -> None:
        self.page = Page()
        self._runs: list[Run] = []
        self._words: list[str] = []
        self._link: list[str] | None = None
        self._target = ""
        self._kind: BlockKind = "text"
        self._marker = ""
        self._quote = self._older = self._pre = 0
        self._lists: list[int] = []
        self._row = False

    def text(self, text: str) -> None:
        text = text.replace("\r\n", "\n").replace("\r", "\n") if self._pre else _SPACE.sub(" ", text)
        if self._link is not None:
            self._link.append(text)
        else:
            self._words.append(text)

    def enter(self, tag: str, node: LexborNode) -> None:
        if tag in _BLOCKS and not (self._row and tag in _CELLS):
            self.flush()
        if tag in _HEADINGS:
            self._kind = "heading"
        elif tag == "a":
            self._open_link((node.attributes.get("href") or "").strip())
        elif tag == "br":
            self._break()
        elif tag == "img":
            self._picture(node)
        elif tag == "li":
            self._item()
        elif tag == "blockquote":
            self._quote += 1
        elif tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else -1)
        elif tag == "tr":
            self._row = _is_row(node)
            self._kind = "row" if self._row else "text"
        elif tag == "hr":
            self.flush()
            self.page.blocks.append(Block((), "rule", self._quote + self._older))
        elif tag in _PRE:
            self._pre += 1
            self._kind = "pre"
        elif tag == "form":
            self.page.form = True
        elif tag == "div" and node.attributes.get("id") in _OLDER_IDS and any(b.quote == 0 and b.runs for b in self.page.blocks):
            self._older = 1

    def leave(self, tag: str) -> None:
        if tag == "a":
            self._close_link()
        elif self._row and tag in _CELLS:
            self._take_words()
            self._runs.append(Run(SEPARATOR))
        elif tag in _BLOCKS:
            self.flush()
        if tag == "blockquote":
            self._quote -= 1
        elif tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag == "tr":
            self._row = False
        elif tag in _PRE:
            self._pre -= 1
            self._kind = "pre" if self._pre else "text"

    def flush(self) -> None:
        """End the block."""
        self._close_link()
        self._take_words()
        runs, kind, self._runs, self._kind = self._runs, self._kind, [], "pre" if self._pre else "text"
        while runs and kind == "row" and runs[-1].text == SEPARATOR:
            runs.pop()
        runs = _trimmed(runs)
        if runs:
            marker = (Run(self._marker),) if self._marker else ()
            self.page.blocks.append(Block((*marker, *runs), "item" if marker else kind, self._quote + self._older))
            self._marker = ""

    def _open_link(self, target: str) -> None:
        self._close_link()
        if target and not target.startswith("#"):
            self._take_words()
            self._link, self._target = [], target

    def _close_link(self) -> None:
        if self._link is not None:
            words = _SPACE.sub(" ", "".join(self._link))
            self._link = None
            self._words = [" "] if words[:1] == " " and words.strip() else []
            self._take_words()
            self._runs.append(linked(words.strip(), self._target))
            self._words = [" "] if words[-1:] == " " else []

    def _break(self) -> None:
        if self._link is not None:
            self._link.append(" ")
        elif "".join(self._words).endswith("\n") or (not "".join(self._words).strip() and self._runs[-1:] == [Run("\n")]):
            self.flush()
        else:
            self._words.append("\n")

    def _picture(self, node: LexborNode) -> None:
        attributes = node.attributes
        self.page.pictures += bool((attributes.get("src") or attributes.get("srcset") or "").strip())
        words = _SPACE.sub(" ", attributes.get("alt") or "").strip()
        if words and self._link is not None:
            self._link.append(words)
        elif words:
            self._take_words()
            self._runs.append(Run("".join(r.text for r in runs_of(words)), "picture"))

    def _item(self) -> None:
        inset = "\u2003" * (len(self._lists) - 1)  # handled within the nested item
        if self._lists and self._lists[-1] >= 0:
            self._lists[-1] += 1
            self._marker = f"{inset}{self._lists[-1]}. "
        else:
            self._marker = f"{inset}\u2022 "

    def _take_words(self) -> None:
        text, self._words = "".join(self._words), []
        if not text:
            return
        if not self._pre:
            text = re.sub(r" *\n *", "\n", re.sub(r" {2,}", " ", text))
            if not text.strip(" ") and not self._runs:
                return
        self._runs += link_runs(text)


def _is_row(node: LexborNode) -> bool:
    """Whether a table row has columns of text; most tables in mail are for layout only."""
    cells = 0
    child = node.child
    while child is not None:
        if child.tag in _CELLS:
            if child.css_first(_NO_ROW) is not None:
                return False
            cells += bool(child.text(strip=True))
        child = child.next
    return cells > 1 and len(node.text()) <= _ROW_CHARS


def _trimmed(runs: list[Run]) -> list[Run]:
    """Without white space at both ends."""
    while runs and runs[-1].kind == "text" and not runs[-1].text.strip():
        runs.pop()
    while runs and runs[0].kind == "text" and not runs[0].text.strip():
        runs.pop(0)
    if runs and runs[0].kind == "text":
        runs[0] = Run(runs[0].text.lstrip("\n "))
    if runs and runs[-1].kind == "text":
        runs[-1] = Run(runs[-1].text.rstrip())
    return runs
