"""The door for people: settings of Django, sign-in, the shell of every page and its components, health."""
