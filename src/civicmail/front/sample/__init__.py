"""The sample city: invented departments, people, residents, vendors and spammers, and their mail, made from a seed.

Used by the demo, the benchmarks, the simulation and many tests. All names are invented; every domain is reserved by RFC 2606.
"""
