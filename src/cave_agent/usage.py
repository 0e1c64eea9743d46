"""Token usage, as providers report it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens that one or several model calls used; two of them add with `+`.

    Attributes:
        prompt_tokens: Tokens sent.
        completion_tokens: Tokens received.
        estimated: Whether any part is an estimate because a provider did not say.

    Example:
        >>> (TokenUsage(10, 2) + TokenUsage(5, 1)).total_tokens
        18
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False

    @property
    def total_tokens(self) -> int:
        """Tokens sent and received together."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "TokenUsage") -> "TokenUsage":
        return TokenUsage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.estimated or other.estimated,
        )
