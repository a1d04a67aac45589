"""Sign-in with allauth, bound to the directory; step-up, invitations, devices, sessions, tokens (P-07, P-18)."""
