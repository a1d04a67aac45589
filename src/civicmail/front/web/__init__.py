"""The web application: Django settings, sign-in, page layout and components, API, SCIM, CardDAV."""
