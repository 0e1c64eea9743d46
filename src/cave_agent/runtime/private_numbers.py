"""Private numbers in a text: found by their values, however they are written."""

import bisect
import decimal
import math
import re
from collections.abc import Iterable
from typing import TypeAlias

Number: TypeAlias = int | float | decimal.Decimal

_LEAST_DIGITS = 4
_LEAST_WHATEVER_DIGITS = 10  # with two decimal places it has four digits
_MOST_BITS = 1_000
_LONGEST = 400
_GROUP = 3
_TOLERANCE = 1e-15
# Nothing behind its first digits must be there, so that it never goes back over them.
_NUMBER = re.compile(r"(?:(?<!\w)-)?(?<!\w)\d+(?:[,_]\d+)*(?:\.\d+)?(?:[eE][-+]?\d{1,3})?")
_WORD = re.compile(r"\w")


def mask_numbers(text: str, numbers: Iterable[Number], mask: str) -> str:
    """Return a text in which a mask stands for some numbers, where four digits or more are shown.

    What is written with a decimal point or an exponent is one of them if that, rounded to the same
    digits, is equal; any other number, if it is equal. Signs are not compared.

    Args:
        text: Any text.
        numbers: The numbers. Those of less than four digits, even with two decimal places, are not
            looked for.
        mask: What stands in their place.

    Example:
        >>> mask_numbers("98765.500000, 9.877e+04, 98,765.50 and 98766", [98765.5], "***")
        '***, ***, *** and 98766'
    """
    known = _Known(numbers)
    shown: list[str] = []
    done = 0
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        if not _WORD.match(text, end) and (masked := known.masked(match.group(), mask)):
            shown += [text[done:start], masked]
            done = end
    return "".join([*shown, text[done:]])


class _Known:
    """Numbers to find by their values.

    Args:
        numbers: The numbers.
    """

    def __init__(self, numbers: Iterable[Number]) -> None:
        sought = [each for each in numbers if _is_sought(each)]
        self._values = sorted(abs(float(each)) for each in sought)
        self._wholes = {abs(int(each)) for each in sought if each == int(each)}

    def masked(self, written: str, mask: str) -> str | None:
        """Return what to write in place of a number; of several with commas between, of each."""
        if not _LEAST_DIGITS <= len(written) <= _LONGEST or not self._values:
            return None
        if self._has(written):
            return mask
        parts = written.split(",")
        masked = [mask if self._has(part) else part for part in parts]
        return ",".join(masked) if masked != parts else None

    def _has(self, written: str) -> bool:
        mantissa, _, exponent = written.lower().replace("_", "").partition("e")
        whole, _, fraction = mantissa.removeprefix("-").partition(".")
        groups = whole.split(",")
        if any(len(group) != _GROUP for group in groups[1:]):
            return False
        digits = "".join([*groups, fraction])
        if len(digits) < _LEAST_DIGITS:
            return False
        if not (fraction or exponent):
            return int(digits) in self._wholes
        value = float(f"{digits}e{int(exponent or 0) - len(fraction)}")
        is_exact = len(digits.lstrip("0")) < _LEAST_DIGITS
        rounding = 0.0 if is_exact else float(f"5e{int(exponent or 0) - len(fraction) - 1}")
        distance = rounding + value * _TOLERANCE
        place = bisect.bisect_left(self._values, value - distance)
        return place < len(self._values) and self._values[place] <= value + distance


def _is_sought(number: Number) -> bool:
    if isinstance(number, int):
        return abs(number) >= _LEAST_WHATEVER_DIGITS and number.bit_length() <= _MOST_BITS
    if isinstance(number, decimal.Decimal) and number.is_nan():
        return False
    value = abs(float(number))
    has_digits = sum(map(str.isdigit, str(number))) >= _LEAST_DIGITS
    return math.isfinite(value) and (has_digits or value >= _LEAST_WHATEVER_DIGITS)
