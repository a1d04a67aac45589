"""Listeners, sessions and limits: the part that hears mail from the network and never delivers it."""
