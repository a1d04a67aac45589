"""Sign-in: allauth in our shell, bound to the directory; step-up, invitations, devices, sessions, tokens (P-07, P-18)."""
