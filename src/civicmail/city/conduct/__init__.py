"""Whether mail access is still justified: reviews, leavers, contractors, violations, attestations (P-05, P-08, P-09, P-28, P-30).

`city/identity` decides who may have access; this room asks departments whether that is still right, and acts through its verbs.
Records of violations never contain mail: evidence is a reference. Modules named `…_states` hold the state tables.
"""
