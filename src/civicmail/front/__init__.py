"""The doors for people, programs and operators."""
