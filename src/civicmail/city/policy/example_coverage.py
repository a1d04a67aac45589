"""Coverage of rule conditions by examples: which parts no example needs.

What no example needs can be taken out, by a slip or on purpose, and the book still reads well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from civicmail.city.policy.cel.compiler import compile_node
from civicmail.city.policy.cel.condition import Condition, read
from civicmail.city.policy.cel.tree import Chain, Node, Not, names, to_source
from civicmail.city.policy.engine import fits
from civicmail.city.policy.rules import Rule


def uncovered_parts(rule: Rule) -> tuple[str, ...]:
    """The parts of its condition that no example needs, as they are written."""
    return tuple(
        part
        for part, reduced in _with_part_removed(rule)
        if all(fits(replace(rule, condition=reduced), example.facts) is example.fits for example in rule.examples)
    )


def _with_part_removed(rule: Rule) -> Iterator[tuple[str, Condition]]:
    """Each part, with the condition without it."""
    when = read(rule.when)
    if not rule.unless:
        yield from ((part, _condition(node)) for part, node in _reduced(when))
        return
    unless = read(rule.unless)
    yield from ((part, _condition(_unless(node, unless))) for part, node in _reduced(when))
    yield from ((part, _condition(_unless(when, node))) for part, node in _reduced(unless))
    yield f"unless {to_source(unless)}", _condition(when)


def _reduced(node: Node) -> Iterator[tuple[str, Node]]:
    """The tree without one member of a chain, wherever there is one."""
    if isinstance(node, Chain):
        for i, item in enumerate(node.items):
            left = (*node.items[:i], *node.items[i + 1 :])
            yield to_source(item), replace(node, items=left) if len(left) > 1 else left[0]
            for part, other in _reduced(item):
                yield part, replace(node, items=(*node.items[:i], other, *node.items[i + 1 :]))
    elif isinstance(node, Not):
        for part, other in _reduced(node.inner):
            yield part, replace(node, inner=other)


def _unless(when: Node, unless: Node) -> Node:
    return Chain("&&", (when, Not(unless, 0)), 0)


def _condition(node: Node) -> Condition:
    return Condition(to_source(node), names(node), compile_node(node))
