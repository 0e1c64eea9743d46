"""What is left of turns that the model is not sent any more."""


class Earlier:
    """What is left of the oldest turns of a conversation.

    Attributes:
        words: What the user said in each.
        summary: What was done in them.
        kept: What the model was told in them and needs for the rest of the conversation.
        forgotten: How many turns there were before those of which the words are left.
    """

    def __init__(self) -> None:
        self.words: list[str] = []
        self.summary = ""
        self.kept: list[str] = []
        self.forgotten = 0

    @property
    def text(self) -> str:
        """What the model reads of them."""
        return "\n\n".join(filter(None, [self._turns(), *self.kept]))

    def _turns(self) -> str:
        if not (self.words or self.summary or self.forgotten):
            return ""
        lines = ["<earlier_turns>", "Left of them: the runtime with all that is in it, and this."]
        if self.forgotten:
            lines.append(f"[{self.forgotten:,} turns before these are left out]")
        lines += [f"<user>{said}</user>" for said in self.words]
        if self.summary:
            lines.append(f"<summary>{self.summary}</summary>")
        return "\n".join([*lines, "</earlier_turns>"])
