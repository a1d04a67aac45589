"""Numbers for Prometheus and health for other programs: what there is to read, how it is written, and who may read it."""
