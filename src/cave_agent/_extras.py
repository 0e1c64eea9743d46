"""Importing optional packages at the place where they are used."""

import importlib
from typing import Any

from cave_agent.errors import MissingExtraError


def require(module: str, *, extra: str) -> Any:
    """Import an optional module, or say which extra brings it.

    Args:
        module: Dotted name of the module.
        extra: Name of the extra of this distribution that installs it.

    Raises:
        MissingExtraError: The package is not installed, or something that it needs is not.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        message = (
            f"{module} could not be imported ({error}). Install it with: "
            f"pip install 'cave-agent[{extra}]'"
        )
        raise MissingExtraError(message) from error
