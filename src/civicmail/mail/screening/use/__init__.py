"""Find forbidden uses of mail, as far as phrases and the envelope show them: for sampled review by people, and nothing else.

lists/*.toml  phrases by category, versioned, for their owners to read and change: actions, never people or causes
phrases.py    a list as one automaton; words.py: the content check that searches the sender's own words
signals.py    the combined check: at least two signals, of an insider, and no mail that is exempt from review (P-10 … P-13)
"""
