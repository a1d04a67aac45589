"""The list of jobs and sweeps: the only room that may import every tasks.py."""
