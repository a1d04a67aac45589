"""The workers: jobs under leases, and the loop around each; the only room that may import every tasks.py."""
