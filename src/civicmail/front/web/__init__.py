"""The door for people and programs: settings of Django, sign-in, the shell of every page and its components, the API, SCIM."""
