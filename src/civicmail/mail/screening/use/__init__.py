"""What mail may not be used for, as far as phrases and the envelope show it: for sampled review by people, never for anything else.

lists/*.toml  phrases by category, versioned, for their owners to read and change: what people do, never whom or what they are for
phrases.py    a list as one automaton; words.py: the inner check that looks for them in what the sender wrote
signals.py    the joint check: two signals or more, of an insider, and nothing that nobody may review (P-10 … P-13)
"""
