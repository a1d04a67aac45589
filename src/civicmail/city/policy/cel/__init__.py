"""A small part of CEL, the Common Expression Language (cel.dev), as the language in which rules say when they fit. Pure.

tokens.py   text -> words
tree.py     the tree of an expression, and what it asks about
parser.py  words -> tree, within limits
type_checker.py tree -> types, against the table of facts
closures.py tree -> a Python function, made once
condition.py  the whole way, and the errors with line and column
"""
