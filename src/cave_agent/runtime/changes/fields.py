"""Which fields, entries or columns of an object changed: shorter to tell than the whole."""

import sys
from collections.abc import Mapping
from itertools import islice
from types import ModuleType
from typing import Any

from cave_agent.results import FieldChange
from cave_agent.runtime.digests import digested_by_fields
from cave_agent.runtime.digests.instances import shown_fields
from cave_agent.runtime.digests.literals import field
from cave_agent.runtime.digests.writing import Terms
from cave_agent.runtime.inspection import is_kind

_MOST_ENTRIES = 50
_ROOM = 60
_NOTHING = ModuleType("nothing")
_MOST_TOLD = 20


def field_texts(value: Any, private: bool | tuple[str, ...]) -> dict[str, str]:  # noqa: FBT001
    """Return what the fields of an object, entries of a small dictionary or columns are, as texts.

    Args:
        value: Any object; of others than these nothing is returned.
        private: What of it is private, as `Variable` has it.
    """
    cls = type(value)
    if _is_frame(cls):
        return _columns(value)
    fields: Mapping[Any, Any] = {}
    if is_kind(cls, dict) and dict.__len__(value) <= _MOST_ENTRIES:
        fields = dict(islice(dict.items(value), _MOST_ENTRIES))
    elif digested_by_fields(cls):
        fields = shown_fields(value)
    terms = Terms.of(_ROOM, private)
    return {name: _text(name, held, terms) for name, held in fields.items() if type(name) is str}


def _is_frame(cls: type) -> bool:
    base = vars(sys.modules.get("pandas", _NOTHING)).get("DataFrame")
    return base is not None and is_kind(cls, base)


def _columns(frame: Any) -> dict[str, str]:
    """Return how many rows a table has, and the types of its columns."""
    told = zip(frame.columns[:_MOST_ENTRIES], frame.dtypes, strict=False)
    return {"rows": f"{len(frame):,}", **{str(name): str(dtype) for name, dtype in told}}


def _text(name: str, value: Any, terms: Terms) -> str:
    return field(name, value, terms).removeprefix(f"{name}=")


def changed_fields(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[FieldChange, ...]:
    """Return what of the fields changed, the first of them if they are many.

    Args:
        before: What they were, by name.
        now: What they are.
    """
    names = {**now, **before}
    changed = (name for name in names if now.get(name) != before.get(name))
    return tuple(
        FieldChange(name, before.get(name, ""), now.get(name, ""))
        for name in islice(changed, _MOST_TOLD)
    )
