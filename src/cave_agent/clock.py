"""What day it is: in one place, so that tests can say so."""

import datetime as dt


def today() -> dt.date:
    """Return the day on this machine's calendar."""
    return dt.datetime.now().astimezone().date()
