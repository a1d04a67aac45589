"""The sample city: invented departments, people, residents, vendors and spammers, and the mail they write, made from a seed.

The demo, the benchmarks, the simulation and many tests use it. Nothing in it is real: names are invented and every domain is one
that RFC 2606 reserves."""
