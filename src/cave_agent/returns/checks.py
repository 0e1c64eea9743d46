"""Checking a value against a type hint: with pydantic, strictly, and without changing the value."""

import functools
import types
import typing
from collections.abc import (
    Callable,
    Collection,
    Container,
    Generator,
    Iterable,
    Iterator,
    KeysView,
    Reversible,
    Sequence,
    ValuesView,
)
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from cave_agent.returns.conversions import without_conversion
from cave_agent.returns.faults import (
    MOST_LOOKED_AT,
    OURS,
    Fault,
    Findings,
    error_of,
    faults_in,
    raised,
    require_plain_call,
)
from cave_agent.returns.generics import variables_of, with_variables
from cave_agent.returns.records import RecordField, fields_of, is_typed_dict, with_arguments

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationInfo
    from pydantic_core import PydanticCustomError

MOST_RECORDS = 10_000
"""Records of one object whose fields are looked at, in order; of the others, only the class."""

DEEPEST = 50
"""Records within records whose fields are looked at."""

LEFT_OUT = (
    f"the fields of its first {MOST_RECORDS:,} records were checked, {DEEPEST} levels deep; "
    "of the records beyond, only the class"
)
UNUSED = "what its iterators yield was not looked at, which would use them up"

# Of these, pydantic looks at the class alone, or at each element once it is asked for.
_ITERABLES = (
    *(Iterable, Collection, Container, Reversible, KeysView, ValuesView),
    *(Iterator, Generator),
)
# A generic class may hold itself with other arguments, and that one so again.
_MOST_VARIANTS = 10
_Fields: TypeAlias = "list[tuple[RecordField, TypeAdapter[Any]]]"


@dataclass
class _Visit:
    """One check of one object.

    Attributes:
        seen: The records that were come by, so that circles have an end.
        records: How many that was, right and wrong.
        depth: How many hold the one that is looked at.
        refusals: How often one of our own validators has refused something.
        left_out: What was not looked at; a dictionary, for its order.
    """

    seen: dict[tuple[int, int], Any] = field(default_factory=dict)
    records: int = 0
    depth: int = 0
    refusals: int = 0
    left_out: dict[str, None] = field(default_factory=dict)

    def refusal(self, describe: Callable[[], list[Fault]]) -> "PydanticCustomError":
        """Return the error that tells pydantic what is wrong, in words as long as any are read."""
        from pydantic_core import PydanticCustomError  # noqa: PLC0415

        self.refusals += 1
        faults = describe() if self.refusals <= MOST_LOOKED_AT else [Fault("", "It is refused")]
        return PydanticCustomError(OURS, "It is refused", {"faults": faults})


class HintCheck:
    """Checks values against one type hint.

    pydantic checks what it knows, in its strict mode: nothing is converted, `"1"` and `True` are
    no `int`. Any other class is a matter of `isinstance`. What pydantic does not do is done here:
    dataclasses, named tuples, TypedDicts and its own models are looked at field by field, as they
    are now, and a plain function in `Annotated` is called.

    Args:
        hint: Any type hint.

    Raises:
        TypeError: Nothing can be checked against the hint.

    Example:
        >>> HintCheck(list[int]).findings([1, "2"]).faults
        [Fault(path='[1]', text="Input should be a valid integer (it is str '2')")]
    """

    def __init__(self, hint: Any) -> None:
        self._records: list[tuple[Any, _Fields]] = []
        self._adapter = self._adapter_for(hint)

    def findings(self, value: Any) -> Findings:
        """Return all that is wrong with a value, and whether anything was left out."""
        visit = _Visit()
        try:
            faults = self._faults(self._adapter, value, visit)
        except Exception as error:  # noqa: BLE001 - an object may answer as it likes
            faults = [Fault("", raised(error))]
        return Findings(faults, "; ".join(visit.left_out))

    def _adapter_for(self, hint: Any) -> "TypeAdapter[Any]":
        from pydantic import ConfigDict, TypeAdapter  # noqa: PLC0415 - it is slow to load

        # A tuple takes a configuration whatever is in it; some types alone refuse one.
        wrapped: Any = types.GenericAlias(tuple, (self._checkable(hint),))
        return TypeAdapter(wrapped, config=ConfigDict(arbitrary_types_allowed=True))

    def _faults(self, adapter: "TypeAdapter[Any]", value: Any, visit: _Visit) -> list[Fault]:
        from pydantic import ValidationError  # noqa: PLC0415

        try:
            adapter.validate_python((value,), strict=True, context=visit)
        except ValidationError as error:
            return faults_in(value, error)
        return []

    def _checkable(self, hint: Any) -> Any:
        """Return the hint with what pydantic does not check replaced by checks of our own."""
        if isinstance(hint, str | typing.ForwardRef):
            message = f"{hint!r} is only a name: use the class itself."
            raise TypeError(message)
        if hint is typing.LiteralString:
            return str  # no value tells how it was made
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        cls = hint if isinstance(hint, type) and origin is None else origin
        if isinstance(cls, type):
            _require_no_bare_protocol(cls)
            if (fields := fields_of(cls)) is not None:
                return self._record(hint, cls, fields)
            if cls in _ITERABLES and arguments and arguments[0] not in (Any, object):
                return self._iterable(cls, arguments[0])
        if origin is Annotated:
            metadata = [each for item in arguments[1:] for each in _metadata_checkable(item)]
            checkable = self._checkable(arguments[0])
            return Annotated[(checkable, *metadata)] if metadata else checkable
        if (strict := without_conversion(hint, cls)) is not None:
            return strict
        return with_arguments(hint, self._checkable)

    def _record(self, hint: Any, cls: type, fields: list[RecordField]) -> Any:
        from pydantic import PlainValidator  # noqa: PLC0415

        checks = self._known(hint)
        if checks is None and self._variants(cls) >= _MOST_VARIANTS:
            hint, checks = cls, self._known(cls)
        if checks is None:
            checks = []
            self._records.append((hint, checks))  # what a record that holds its own kind finds
            variables = variables_of(hint)
            for each in fields:
                adapter = self._adapter_for(with_variables(each.hint, variables))
                checks.append((each, adapter))
        check = functools.partial(self._check_record, cls, checks)
        return Annotated[Any, PlainValidator(check)]

    def _known(self, hint: Any) -> "_Fields | None":
        return next((checks for known, checks in self._records if known == hint), None)

    def _variants(self, cls: type) -> int:
        return sum(typing.get_origin(known) is cls for known, _ in self._records)

    def _check_record(self, cls: type, checks: _Fields, value: Any, info: "ValidationInfo") -> Any:
        visit = typing.cast("_Visit", info.context)
        if not isinstance(value, dict if is_typed_dict(cls) else cls):
            raise visit.refusal(lambda: [_no_instance(cls)])
        key = (id(value), id(checks))
        if key in visit.seen:
            return value
        if visit.records >= MOST_RECORDS or visit.depth >= DEEPEST:
            visit.left_out[LEFT_OUT] = None
            return value
        visit.seen[key] = value
        visit.records += 1
        visit.depth += 1
        try:
            faults = self._faults_of_fields(cls, checks, value, visit)
        finally:
            visit.depth -= 1
        if faults:
            del visit.seen[key]  # another member of a union may take it, and this one may not
            raise visit.refusal(lambda: faults)
        return value

    def _iterable(self, cls: type, element: Any) -> Any:
        from pydantic import PlainValidator  # noqa: PLC0415

        adapter = self._adapter_for(types.GenericAlias(list, (element,)))
        return Annotated[Any, PlainValidator(functools.partial(self._check_iterable, cls, adapter))]

    def _check_iterable(
        self, cls: type, adapter: "TypeAdapter[Any]", value: Any, info: "ValidationInfo"
    ) -> Any:
        visit = typing.cast("_Visit", info.context)
        if not isinstance(value, cls):
            raise visit.refusal(lambda: [_no_instance(cls)])
        if not isinstance(value, Collection):
            visit.left_out[UNUSED] = None
            return value
        faults = self._faults(adapter, list(value), visit)
        if faults:
            if not isinstance(value, Sequence):  # no number leads to an element
                faults = [Fault("", fault.text) for fault in faults]
            raise visit.refusal(lambda: faults)
        return value

    def _faults_of_fields(
        self, cls: type, checks: _Fields, value: Any, visit: _Visit
    ) -> list[Fault]:
        faults: list[Fault] = []
        for (name, _, is_required, default), adapter in checks:
            path = f"[{name!r}]" if is_typed_dict(cls) else f".{name}"
            try:
                content = value[name] if is_typed_dict(cls) else getattr(value, name)
            except (KeyError, AttributeError):
                if is_required:
                    faults.append(Fault(path, "It is missing"))
                continue
            if content is default:
                continue
            inner = self._faults(adapter, content, visit)
            faults.extend(fault.inside(path, content) for fault in inner)
        return faults


def _no_instance(cls: type) -> Fault:
    wanted = "a dict" if is_typed_dict(cls) else f"an instance of {cls.__name__}"
    return Fault("", f"Input should be {wanted}")


def _require_no_bare_protocol(cls: type) -> None:
    if getattr(cls, "_is_protocol", False) and not getattr(cls, "_is_runtime_protocol", False):
        message = (
            f"{cls.__name__} is a Protocol, and no object can be told to be one: decorate it with "
            "@typing.runtime_checkable."
        )
        raise TypeError(message)


def _metadata_checkable(item: Any) -> Iterator[Any]:
    """Yield a validator of pydantic for a plain function, and anything else as it is.

    What tells pydantic how to choose from a union is left out: it would look into the members of
    the union for that, and ours are all looked at.
    """
    if getattr(item, "discriminator", None) is not None:
        yield from getattr(item, "metadata", ())
    elif (
        not callable(item)
        or isinstance(item, type)
        or hasattr(item, "__get_pydantic_core_schema__")
    ):
        yield item
    else:
        yield _judge(item)


def _judge(check: Callable[[Any], object]) -> Any:
    """Return a validator of pydantic that calls a plain function with the object itself."""
    from pydantic import WrapValidator  # noqa: PLC0415

    require_plain_call(check)

    def judge(value: Any, handler: Callable[[Any], Any], info: "ValidationInfo") -> Any:
        handler(value)  # what it makes may be a copy, of another type
        if (error := error_of(check, value)) is not None:
            visit = typing.cast("_Visit", info.context)
            raise visit.refusal(lambda: [Fault("", raised(error))])
        return value

    return WrapValidator(judge)
