"""Functions whose bodies alone a mutant changes. They can be exchanged where they are in a process that has imported everything, so
that nothing has to be imported anew."""

from __future__ import annotations

import inspect
from types import CodeType
from typing import Any


def changed_functions(before: str, after: str) -> list[str] | None:
    """Qualified names of the functions whose bodies differ between two texts of a module; None if anything else differs: constants,
    defaults, decorators, bodies of classes."""
    found = _changed(_compiled(before), _compiled(after))
    return None if found is None or any("<" in name for name in found) or len(set(found)) < len(found) else found


def functions_of(text: str) -> dict[str, CodeType]:
    """The code of each function and method of a module, by qualified name; the last where a name is there twice."""
    found: dict[str, CodeType] = {}
    waiting = [_compiled(text)]
    while waiting:
        for code in _inner(waiting.pop()):
            if _is_function(code):
                found[code.co_qualname] = code
            else:
                waiting.append(code)
    return found


def _compiled(text: str) -> CodeType:
    return compile(text, "<mutant>", "exec", dont_inherit=True)


def _changed(before: CodeType, after: CodeType) -> list[str] | None:
    """The same for the code of a module or a class."""
    if _facts(before) != _facts(after):
        return None
    found: list[str] = []
    for one, other in zip(_inner(before), _inner(after), strict=True):
        if not _is_function(one):
            below = _changed(one, other)
            if below is None:
                return None
            found += below
        elif _deep(one) != _deep(other):
            if one.co_freevars != other.co_freevars:
                return None
            found.append(one.co_qualname)
    return found


def _inner(code: CodeType) -> list[CodeType]:
    return [const for const in code.co_consts if isinstance(const, CodeType)]


def _is_function(code: CodeType) -> bool:
    return bool(code.co_flags & inspect.CO_NEWLOCALS)


def _facts(code: CodeType) -> tuple[Any, ...]:
    """What a code is, without its lines, which the body of a class has as a constant; of code in it only names."""
    consts = tuple(
        c.co_qualname if isinstance(c, CodeType) else (type(c), repr(c)) for c in code.co_consts if c != code.co_firstlineno
    )
    return code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, code.co_flags, consts


def _deep(code: CodeType) -> tuple[Any, ...]:
    return _facts(code), tuple(map(_deep, _inner(code)))
