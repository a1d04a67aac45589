"""How mail access is answered for: reviews, leavers, contractors, violations, statements (P-05, P-08, P-09, P-28, P-30).

`city/access` says who may; this room asks departments whether that is still right, and acts through the verbs of access. What it
keeps of violations never holds a word of mail: evidence is a reference. Every table of states stands in a `…states.py`.
"""
