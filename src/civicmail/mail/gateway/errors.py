"""Why a gateway does not listen.

ConfigError
└── ListenerError       a listener cannot be made from its settings
LaterError
└── CannotListen        the port is taken, or the archive could not keep mail twice within a minute
"""

from __future__ import annotations

from civicmail.core.config.errors import ConfigError, LaterError


class ListenerError(ConfigError):
    """The settings of a listener name something that is not there or does not work here."""


class CannotListen(LaterError):
    """The port cannot be opened now. The settings are not wrong; the supervisor should start the process again in a moment."""
