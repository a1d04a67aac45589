"""A small part of CEL, the Common Expression Language (cel.dev), as the language for conditions of rules. Pure.

tokens.py   text -> tokens
tree.py     the tree of an expression, and the facts that it uses
parser.py  tokens -> tree, within limits
type_checker.py tree -> types, against the table of facts
closures.py tree -> a Python function, made once
condition.py  all steps, and the errors with line and column
"""
