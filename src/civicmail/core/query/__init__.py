"""The search language: parse() turns a query into a tree, and matches(tree, view) says whether a capture matches.

The same function is the oracle of the index, the filter of replays and the scope of permits.
"""
