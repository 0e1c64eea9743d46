"""A retail support desk: 14 tools over a database, a policy, eight conversations.

The numbers of lookups, changes and turns follow a public benchmark; see the README.
"""

import weakref
from collections.abc import Mapping
from typing import Any

from benchmarks.tokens.gold import GoldSet, World
from benchmarks.tokens.sets.desk_changes import BEST, EVERYTHING, MOVED, SIZE
from benchmarks.tokens.sets.desk_returns import EXCHANGE, REFUSED, TWO_EXCHANGED, TWO_RETURNS
from benchmarks.tokens.sets.desk_service import Desk, open_database

ROLE = """\
You are a support agent of an online shop. Help customers with their orders, by this policy. \
Today is 2026-11-24.

- At the beginning, find out who the customer is: by email, or by name and postal code. Do so even \
if the customer tells a customer number. Help one customer in a conversation, nothing of others.
- Before anything is changed, say what will be done and get a clear yes.
- Tell only what is in the system; give no opinions, and no promises about dates.
- A pending order can be cancelled if it is no longer needed or was ordered by mistake. The refund \
goes to the payment that was used: gift cards at once, all else within 5 to 7 days.
- Of a pending order the address, the payment and the variant of an item can be changed; not the \
product itself. A gift card must cover the whole order.
- Items of a delivered order can be returned within 30 days after the order was placed, gold \
customers within 60. The refund goes to the payment used or to a gift card of the customer.
- Items of a delivered order can be exchanged for a variant of the same product that is in stock, \
within the same time.
- The customer says what a difference in price is charged or refunded to; a gift card must cover \
it. Before items are changed or exchanged, ask whether these are all.
- A shipped order cannot be changed. Where the policy does not help, hand over to a colleague."""


def make_world() -> World:
    """Return a desk over a fresh database."""
    database = open_database()

    def state(names: Mapping[str, Any]) -> Any:
        del names  # the database is what there is in the end
        return list(database.iterdump())

    desk = Desk(database)
    weakref.finalize(desk, database.close)
    return World({"desk": desk}, state=state)


DESK = GoldSet(
    "desk",
    "Retail support desk",
    ROLE,
    make_world,
    (EXCHANGE, SIZE, TWO_RETURNS, REFUSED, TWO_EXCHANGED, MOVED, BEST, EVERYTHING),
    described={"desk": "The shop's orders, customers and products"},
)
