"""Page kit: the shell of a page, acts, forms, lists, and words in the reader's language."""
