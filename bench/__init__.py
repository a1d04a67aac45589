"""Benchmarks against peers on one corpus: `make bench`. Figures are ratios inside one run; absolute times say little elsewhere."""
