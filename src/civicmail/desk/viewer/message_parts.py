"""Find parts of a message: the message at a path, the files of all nested messages, the text parts. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from civicmail.core.message.mime_tree import Node
from civicmail.core.message.structure import Structure

SHOWN = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext"})
_SIGNED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
SLASH = "/"


@dataclass(frozen=True, slots=True)
class MessagePart:
    """A part, its path, and the number of attached messages around it. message: its message; letter: it is a message itself."""

    path: str
    depth: int
    message: Structure
    node: Node
    letter: Structure | None = None


def message_at(message: Structure, path: str) -> Structure | None:
    """The message at a path, the outermost for the empty path; None if there is none."""
    for step in path.split(SLASH) if path else ():
        child_message = next((child for node, child in message.children if node.path == step), None)
        if child_message is None:
            return None
        message = child_message
    return message


def part_at(message: Structure, path: str) -> MessagePart | None:
    """The part at a path; None if there is none, or if it only holds others."""
    above, _, step = path.rpartition(SLASH)
    holder = message_at(message, above)
    if holder is None:
        return None
    node = next((n for n in holder.nodes if n.path == step and not n.container), None)
    if node is None:
        return None
    letter = next((child for at, child in holder.children if at is node), None)
    return MessagePart(path, above.count(SLASH) + bool(above), holder, node, letter)


def files(message: Structure, above: str = "", depth: int = 0) -> Iterator[MessagePart]:
    """All files in order; files of attached messages follow the message that has them."""
    letters = {id(node): letter for node, letter in message.children}
    for node in message.nodes:
        letter = letters.get(id(node))
        signed = letter is not None and is_signed(message, node)
        if node.attachment and not signed:
            yield MessagePart(above + node.path, depth, message, node, letter)
        if letter is not None:
            yield from files(letter, f"{above}{node.path}{SLASH}", depth if signed else depth + 1)


def texts(message: Structure, *, rich: bool = True) -> Iterator[tuple[Structure, Node]]:
    """The parts that are read as the message, in order; of alternatives the HTML one, or with rich off another."""
    left_out = _left_out(message, rich)
    letters = {id(node): letter for node, letter in message.children}
    for node in message.nodes:
        above = node.path.rpartition(".")[0]
        if node.path in left_out or above in left_out:
            left_out.add(node.path)  # parents come before their parts
        elif (letter := letters.get(id(node))) is not None and is_signed(message, node):
            yield from texts(letter, rich=rich)
        elif node.report or (node.body and (node.content_type in SHOWN or node.content_type.startswith("multipart/"))):
            yield message, node


def is_signed(message: Structure, node: Node) -> bool:
    """Whether a message is the content of an opaque signature, and so the message itself (RFC 8551 3.5.2)."""
    above = node.path.rpartition(".")[0]
    return node.letter and any(n.path == above and n.content_type in _SIGNED for n in message.nodes)


def _left_out(message: Structure, rich: bool) -> set[str]:
    """Paths of the alternatives that are not read: all with text but one, the last one that is HTML, or is not."""
    text, html = set[str](), set[str]()  # paths below which there is some
    for node in message.nodes:
        if not node.container and node.content_type in SHOWN:
            path = node.path
            while path and path not in (html if node.html else text):
                (html if node.html else text).add(path)
                path = path.rpartition(".")[0]
    chosen: dict[str, str] = {}
    offered: dict[str, list[str]] = {n.path: [] for n in message.nodes if n.container and n.content_type == "multipart/alternative"}
    for node in message.nodes:
        above = node.path.rpartition(".")[0]
        if above in offered and (node.path in text or node.path in html):
            offered[above].append(node.path)
            if (node.path in html) is rich or above not in chosen:
                chosen[above] = node.path
    return {path for above, paths in offered.items() for path in paths if path != chosen[above]}
