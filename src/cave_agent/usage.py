"""Token usage, as providers report it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens that one or several model calls used; two of them add with `+`.

    Attributes:
        prompt_tokens: Tokens sent.
        completion_tokens: Tokens received.
        cached_tokens: The part of `prompt_tokens` that the provider had cached, as far as it says.
        estimated: Whether any part is an estimate because a provider did not say.

    Example:
        >>> (TokenUsage(10, 2) + TokenUsage(5, 1)).total_tokens
        18
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False
    cached_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        """Tokens sent and received together."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def uncached_tokens(self) -> int:
        """The part of `prompt_tokens` that the provider read anew."""
        return self.prompt_tokens - self.cached_tokens

    def __add__(self, other: "TokenUsage") -> "TokenUsage":
        return TokenUsage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.estimated or other.estimated,
            self.cached_tokens + other.cached_tokens,
        )
