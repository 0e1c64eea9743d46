"""The objects of one query: what the model is told, and whether it has left them."""

from collections.abc import Sequence
from typing import NamedTuple

from cave_agent.objects import Objects
from cave_agent.returns.faults import Fault, listed, shown
from cave_agent.returns.freshness import is_stale, look_at
from cave_agent.returns.request import Request, Wanted
from cave_agent.runtime.base import Runtime
from cave_agent.runtime.cell_builtins import ANSWER


class Verdict(NamedTuple):
    """What a check of the runtime found.

    Attributes:
        objects: The objects that are right, and why others are missing.
        reminder: What the model is told about the others; `None` where there are none.
    """

    objects: Objects
    reminder: str | None


class Handover:
    """The objects that a model is to leave in the runtime for one query.

    Args:
        request: What is asked for.
        runtime: Where it is to be; what stands there now is taken note of, and the classes that
            are asked for can be used from now on.
    """

    def __init__(self, request: Request, runtime: Runtime) -> None:
        self._runtime = runtime
        self._wanted = request.wanted
        if request.names_are_free:
            self._wanted = {_free(name, runtime): each for name, each in request.wanted.items()}
        self._before = {name: look_at(value) for name, value in self._present().items()}
        for wanted in self._wanted.values():
            runtime.provide_classes(wanted.classes)

    def note(self) -> str:
        """Return what the model is told along with the query; empty where nothing is asked for."""
        if not self._wanted:
            return ""
        lines = [f"- {name}: {wanted.told}" for name, wanted in self._wanted.items()]
        classes = (cls for wanted in self._wanted.values() for cls in wanted.classes)
        from cave_agent.runtime.describe import describe_fields  # noqa: PLC0415 - few need it

        stubs = describe_fields(dict.fromkeys(classes))
        return "\n".join(
            [
                "<objects_to_leave>",
                "Before you answer in prose, assign these variables; they are checked:",
                *lines,
                *(["", stubs] if stubs else []),
                "</objects_to_leave>",
            ]
        )

    def check(self, cells: Sequence[str], *, is_answered: bool = False) -> Verdict:
        """Look at the variables as they are now.

        Args:
            cells: The code of the cells of this query that succeeded.
            is_answered: Whether the last cell has answered, which it can do with the object itself.
        """
        if is_answered and len(self._wanted) == 1:
            cells = [*cells, *self._take_answer(cells)]
        present = self._present()
        objects: dict[str, object] = {}
        missing: dict[str, str] = {}
        left_out: dict[str, str] = {}
        for name, wanted in self._wanted.items():
            if name not in present:
                missing[name] = f"there is no variable `{name}`; wanted: {wanted.told}"
                continue
            value = present[name]
            findings = wanted.check(value)
            if reason := self._reason(name, value, wanted, findings.faults, cells):
                missing[name] = reason
                continue
            objects[name] = value
            if findings.left_out:
                left_out[name] = findings.left_out
        reminder = _reminder(missing) if missing else None
        return Verdict(Objects(objects, missing, left_out), reminder)

    def _reason(
        self, name: str, value: object, wanted: Wanted, faults: list[Fault], cells: Sequence[str]
    ) -> str | None:
        """Return why an object is not what the model is to leave, or `None` where it is."""
        if faults:
            notes = [listed(faults), *map(self._restore, wanted.classes)]
            told = "; ".join(filter(None, notes))
            return f"`{name}` is {shown(value)}; wanted: {wanted.told}; {told}"
        before = self._before.get(name)
        if before is not None and is_stale(name, value, before, cells):
            return (
                f"`{name}` is {shown(value)}, as it was before this query, and no cell has "
                f"assigned it since; if it is right as it is, run the cell `{name} = {name}`"
            )
        return None

    def _restore(self, cls: type) -> str:
        """Bind a class that is wanted again where a cell has made another one of its name."""
        name = cls.__name__
        try:
            bound = self._runtime.retrieve(name)
        except KeyError:
            return ""
        if bound is cls or not isinstance(bound, type) or self._runtime.is_injected(name):
            return ""
        self._runtime.update_variable(name, cls)
        return (
            f"a cell had defined another class `{name}`: the name is that of the wanted one again"
        )

    def _take_answer(self, cells: Sequence[str]) -> list[str]:
        """Bind the variable that is wanted to what a cell has answered with, if that is meant.

        A text is the reply to the user as a rule: it is the object, too, only where that is to be a
        text and the variable does not hold one.

        Returns:
            The assignment, as a cell would make it.
        """
        ((name, wanted),) = self._wanted.items()
        answer = self._runtime.retrieve(ANSWER)
        present = self._present()
        if isinstance(answer, str) or wanted.check(answer).faults:
            if isinstance(answer, str) and wanted.check(answer).faults:
                return []
            if name in present:
                faults = wanted.check(present[name]).faults
                if self._reason(name, present[name], wanted, faults, cells) is None:
                    return []
        self._runtime.keep_answer(name)
        return [f"{name} = {ANSWER}"]

    def _present(self) -> dict[str, object]:
        found = {}
        for name in self._wanted:
            try:
                found[name] = self._runtime.retrieve(name)
            except KeyError:
                continue
        return found


def _free(name: str, runtime: Runtime) -> str:
    number, free = 2, name
    while runtime.is_injected(free):
        number, free = number + 1, f"{name}_{number}"
    return free


def _reminder(missing: dict[str, str]) -> str:
    lines = [f"- {reason}" for reason in missing.values()]
    return "\n".join(
        [
            "Your answer is not accepted yet, as not everything that was asked for is in place:",
            *lines,
            "Put it right in a cell, then give your final answer once more, whole.",
        ]
    )
