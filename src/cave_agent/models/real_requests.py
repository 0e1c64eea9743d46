"""The switch that keeps tests from spending money: no request leaves this machine while it is on.

`cave_agent.testing.forbid_real_requests` turns it; every provider asks it before a request.
"""

import ipaddress
import threading
from urllib.parse import urlsplit

from cave_agent.errors import RealRequestError


class RealRequestSwitch:
    """Counts the bans in force; process-wide, since agents run in any thread."""

    def __init__(self) -> None:
        self._bans = 0
        self._lock = threading.Lock()

    @property
    def forbidden(self) -> bool:
        """Whether any ban is in force."""
        return self._bans > 0

    def forbid(self) -> None:
        """Put one more ban in force."""
        with self._lock:
            self._bans += 1

    def allow(self) -> None:
        """Lift one ban."""
        with self._lock:
            self._bans -= 1


SWITCH = RealRequestSwitch()


def check_real_request(model: object, base_url: str | None) -> None:
    """Refuse a request that would leave this machine while real requests are forbidden.

    A `Model` of your own calls this before it opens a connection.

    Args:
        model: Who is asked; its `repr` goes into the message.
        base_url: Where the request goes, or `None` for the provider's own address. Loopback
            addresses are always allowed.

    Raises:
        RealRequestError: Real requests are forbidden and this would be one.
    """
    if SWITCH.forbidden and not is_loopback(base_url):
        message = (
            f"{model!r} was about to send a real request while `forbid_real_requests` is in "
            "force. Use a ScriptedModel or a ReplayModel in this test, or a server on 127.0.0.1."
        )
        raise RealRequestError(message)


def is_loopback(url: str | None) -> bool:
    """Tell whether a URL leads to this machine: localhost, 127.0.0.0/8 or ::1."""
    try:
        host = urlsplit(url or "").hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # no URL, or a name that is no address
        return False
