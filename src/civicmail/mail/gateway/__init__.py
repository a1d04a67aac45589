"""Listeners, sessions and limits: receives mail from the network and never delivers it."""
