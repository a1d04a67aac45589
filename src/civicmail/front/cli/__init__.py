"""The program: one file per command; run.py supervises."""
