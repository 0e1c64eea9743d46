"""Checks of the options of an agent: what is wrong is told at once, with what to pass instead."""

import re
from collections.abc import Iterable


def check_type(name: str, value: object, *types: type | None) -> None:
    """Refuse a value that is of none of the types; a truth value is no number.

    Raises:
        TypeError: It is of another type.
    """
    if type(value) in types or (value is None and None in types):
        return
    classes = tuple(kind for kind in types if kind is not None)
    if isinstance(value, classes) and (type(value) is not bool or bool in classes):
        return
    wanted = " or ".join("None" if kind is None else kind.__name__ for kind in types)
    message = f"{name}={value!r} is of the wrong type: use {wanted}."
    raise TypeError(message)


def check_list(name: str, value: object, content: str) -> None:
    """Refuse what is neither `None` nor a number of things.

    Args:
        name: The option.
        value: What it was given.
        content: What there should be several of.

    Raises:
        TypeError: It is something else, such as a text.
    """
    if value is not None and (isinstance(value, str) or not isinstance(value, Iterable)):
        message = f"{name}={value!r} is of the wrong type: use a list of {content}."
        raise TypeError(message)


def check_limit(name: str, limit: object, *or_none: None) -> None:
    """Refuse what limits nothing, or to nothing.

    Raises:
        TypeError: It is no integer.
        ValueError: It is below 1.
    """
    check_type(name, limit, int, *or_none)
    if isinstance(limit, int) and limit < 1:
        message = f"{name}={limit!r} allows nothing: use 1 or more."
        raise ValueError(message)


def check_seconds(name: str, seconds: float | None) -> None:
    """Refuse what is no length of time.

    Raises:
        TypeError: It is no number.
        ValueError: It is not above 0.
    """
    check_type(name, seconds, int, float, None)
    if seconds is not None and not seconds > 0:
        message = f"{name}={seconds!r}: use seconds above 0, or None."
        raise ValueError(message)


def check_label(name: str, label: str) -> None:
    """Refuse what cannot stand behind the fence of a code block.

    Raises:
        TypeError: It is no text.
        ValueError: It is no word.
    """
    check_type(name, label, str)
    if not re.fullmatch(r"\w[\w+.-]*", label):
        message = f"{name}={label!r} cannot label a code block: use a word such as 'python'."
        raise ValueError(message)
