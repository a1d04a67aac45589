"""Metrics for Prometheus and a health endpoint."""
