"""The workers: jobs under leases, and the loop around each."""
