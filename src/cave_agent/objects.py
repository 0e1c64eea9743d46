"""The objects that a run was asked for."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cave_agent.errors import MissingObjectError

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

_LEFT_OUT = "it is a live object, which stays in the process of its run and does not go to JSON"


class Objects(Mapping[str, Any]):
    """What a run left of the objects that it was asked for, by name.

    Only those that passed every check are in it; to ask for another one raises an error that
    says why it is not there. As JSON it holds no object, only why each one is missing.

    Args:
        objects: The objects that are right.
        missing: Why each of the others is not there.
        partly_checked: What the checks left out of objects that are right, where they did.

    Raises:
        MissingObjectError: (when subscripted) There is no such object; also a `KeyError`.

    Example:
        >>> objects = Objects({"total": 6}, {"clean": "there is no such variable"})
        >>> objects["total"], "clean" in objects, objects.missing["clean"]
        (6, False, 'there is no such variable')
    """

    def __init__(
        self,
        objects: Mapping[str, Any] | None = None,
        missing: Mapping[str, str] | None = None,
        partly_checked: Mapping[str, str] | None = None,
    ) -> None:
        self._objects = dict(objects or {})
        self._missing = dict(missing or {})
        self._partly_checked = dict(partly_checked or {})

    @property
    def missing(self) -> dict[str, str]:
        """Why each object that was asked for is not there; empty where all are."""
        return dict(self._missing)

    @property
    def partly_checked(self) -> dict[str, str]:
        """What the checks left out, by the object's name; empty as a rule.

        That is a part of what is very large, and what iterators yield.
        """
        return dict(self._partly_checked)

    @property
    def asked_for(self) -> list[str]:
        """The names of all that was asked for, those that are missing last."""
        return [*self._objects, *self._missing]

    def __getitem__(self, name: str) -> Any:
        if name in self._objects:
            return self._objects[name]
        if name in self._missing:
            message = (
                f"There is no object {name!r}: {self._missing[name]}. `response.status` says how "
                "the run ended; run again, or with a higher max_steps."
            )
        elif self.asked_for:
            message = f"{name!r} was not asked for: there are {', '.join(self.asked_for)}."
        else:
            message = (
                f"{name!r} was not asked for: name what you want with run(query, returns={{…}}), "
                "or take any variable with runtime.retrieve(name)."
            )
        raise MissingObjectError(message)

    def __iter__(self) -> Iterator[str]:
        return iter(self._objects)

    def __len__(self) -> int:
        return len(self._objects)

    def __repr__(self) -> str:
        held = [f"{name}: {type(value).__name__}" for name, value in self._objects.items()]
        return f"Objects({', '.join([*held, *(f'{name}: missing' for name in self._missing)])})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> "CoreSchema":
        from pydantic_core import core_schema  # noqa: PLC0415 - asked for by pydantic alone

        text = core_schema.str_schema()
        reasons = core_schema.dict_schema(text, text)
        return core_schema.json_or_python_schema(
            json_schema=core_schema.no_info_after_validator_function(cls._from_json, reasons),
            python_schema=core_schema.is_instance_schema(cls),
            serialization=core_schema.plain_serializer_function_ser_schema(
                cls._to_json, return_schema=reasons
            ),
        )

    @classmethod
    def _from_json(cls, missing: dict[str, str]) -> "Objects":
        return cls(missing=missing)

    def _to_json(self) -> dict[str, str]:
        return {**dict.fromkeys(self._objects, _LEFT_OUT), **self._missing}
