"""Departments, their addresses, and whether their mail is ours yet."""
