"""The search language: words become a tree, and matches(tree, view) says whether one capture fits.

The same function is the oracle of the index, the filter of replays and the scope of permits."""
