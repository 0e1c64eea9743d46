"""What the user said in turns that are not sent any more."""

from cave_agent.prompts import shorten
from cave_agent.tokens import count_tokens

_LONG = 300  # characters; also what is left of a long one has fewer, and stays as it is
_MOST_OF_LONG = 200


class Words:
    """Makes what the user said long ago shorter, the oldest first, and counts it.

    Args:
        said: What was said in each turn; it is changed in place.

    Attributes:
        tokens: How many it has.
    """

    def __init__(self, said: list[str]) -> None:
        self.tokens = sum(map(count_tokens, said))
        self._said = said
        self._seen = 0

    def add(self, said: list[str]) -> None:
        """Append what was said in a later turn."""
        self._said += said
        self.tokens += sum(map(count_tokens, said))

    def shorten(self, most_tokens: float) -> None:
        """Leave beginning and end of long ones, of as many as it takes.

        Args:
            most_tokens: What to come down to.
        """
        while self.tokens > most_tokens and self._seen < len(self._said):
            said = self._said[self._seen]
            if len(said) > _LONG:
                self._said[self._seen] = shorten(said, _MOST_OF_LONG)
                self.tokens += count_tokens(self._said[self._seen]) - count_tokens(said)
            self._seen += 1

    def forget(self, most_tokens: float) -> int:
        """Give up all but the latest, and return how many that were.

        Args:
            most_tokens: What to come down to.
        """
        count = 0
        while self.tokens > most_tokens and count < len(self._said):
            self.tokens -= count_tokens(self._said[count])
            count += 1
        del self._said[:count]
        self._seen = max(self._seen - count, 0)
        return count
