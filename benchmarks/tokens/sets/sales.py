"""A data task: 5,000 rows filtered, joined, aggregated in six turns, and handed back whole.

The JSON agents have tools over tables that stay on the server and go by name, so that rows pass
through the model only where it looks at some, and where the user is given them.
"""

import random
from collections.abc import Callable, Mapping
from typing import Any, Literal

import pandas as pd

from benchmarks.tokens.gold import GoldSet, Turn, World, call
from benchmarks.tokens.tools import recorded

ROLE = """\
You are a data analyst. Work on the tables of a shop as the user says. Round amounts to two \
digits. Never change the tables `orders` and `customers`."""

ORDERS = 5_000
CUSTOMERS = 600
SEED = 7
LOOK = 3
"""Rows of a new table that the model sees."""

KEPT = ("paid", "recent", "joined", "by_customer", "ranked")
DESCRIBED = {
    "orders": "DataFrame with order_id, customer_id, placed (YYYY-MM-DD), product, quantity, "
    "price, discount (0 to 1), status (paid, open, cancelled)",
    "customers": "DataFrame with customer_id, region, tier",
}

Summary = dict[str, Any]


def make_tables() -> dict[str, pd.DataFrame]:
    """Return the tables, always the same."""
    chance = random.Random(SEED)
    orders = [
        {
            "order_id": 10_000 + number,
            "customer_id": 1 + chance.randrange(CUSTOMERS),
            "placed": f"202{chance.choice('566')}-{chance.randint(1, 12):02}-"
            f"{chance.randint(1, 28):02}",
            "product": chance.choice(["lamp", "desk", "chair", "shelf", "rug"]),
            "quantity": chance.randint(1, 6),
            "price": chance.choice([19.9, 45.5, 89.0, 129.0, 240.0]),
            "discount": chance.choice([0.0, 0.0, 0.05, 0.1, 0.2]),
            "status": chance.choice(["paid", "paid", "paid", "open", "cancelled"]),
        }
        for number in range(ORDERS)
    ]
    customers = [
        {
            "customer_id": number,
            "region": chance.choice(["north", "south", "east", "west"]),
            "tier": chance.choice(["regular", "regular", "gold"]),
        }
        for number in range(1, CUSTOMERS + 1)
    ]
    return {"orders": pd.DataFrame(orders), "customers": pd.DataFrame(customers)}


def make_world() -> World:
    """Return the tables, and the tools of those who have no objects."""
    tables = make_tables()

    def state(names: Mapping[str, Any]) -> Any:
        return {name: (names or tables)[name].to_dict("list") for name in KEPT}

    return World(dict(tables), make_tools(tables), state)


def make_tools(tables: dict[str, pd.DataFrame]) -> list[Callable[..., Any]]:
    """Return the tools over tables that go by name."""

    def keep(name: str, table: pd.DataFrame) -> Summary:
        tables[name] = table
        return {"rows": len(table), "head": table.head(LOOK).to_csv(index=False)}

    @recorded
    def filter_rows(
        table: str,
        column: str,
        op: Literal["==", "!=", "<", "<=", ">", ">="],
        value: str | float,
        into: str,
    ) -> Summary:
        """Keep the rows of a table for which a comparison holds.

        Args:
            into: Name of the new table.
        """
        return keep(into, tables[table].query(f"{column} {op} @value", local_dict={"value": value}))

    @recorded
    def join_tables(left: str, right: str, on: str, into: str) -> Summary:
        """Join two tables by a column that both have.

        Args:
            into: Name of the new table.
        """
        return keep(into, tables[left].merge(tables[right], on=on))

    @recorded
    def add_column(table: str, column: str, expression: str) -> Summary:
        """Add a column that is computed from others, rounded to two digits.

        Args:
            expression: Arithmetic with names of columns, such as "a * b".
        """
        changed = tables[table]
        changed[column] = pd.Series(changed.eval(expression)).round(2)
        return keep(table, changed)

    @recorded
    def aggregate(
        table: str,
        by: list[str],
        column: str,
        how: Literal["sum", "mean", "min", "max", "count"],
        into: str,
    ) -> Summary:
        """Group a table and aggregate a column, rounded to two digits.

        Args:
            by: Columns to group by.
            into: Name of the new table.
        """
        grouped = tables[table].groupby(by, as_index=False)[column]
        return keep(into, pd.DataFrame(grouped.agg(how)).round(2))

    @recorded
    def sort_rows(table: str, by: str, into: str, ascending: bool = True) -> Summary:  # noqa: FBT001, FBT002
        """Sort a table by a column.

        Args:
            into: Name of the new table.
        """
        return keep(into, tables[table].sort_values(by, ascending=ascending))

    @recorded
    def column_value(
        table: str, column: str, how: Literal["sum", "mean", "min", "max", "count"]
    ) -> dict[str, float]:
        """Return a figure of a whole column, rounded to two digits."""
        return {"value": round(float(tables[table][column].agg(how)), 2)}

    @recorded
    def get_rows(table: str, limit: int | None = None) -> str:
        """Return the rows of a table as CSV, all of them unless limited."""
        return tables[table].head(limit or len(tables[table])).to_csv(index=False)

    return [filter_rows, join_tables, add_column, aggregate, sort_rows, column_value, get_rows]


CODE = {
    "filter_rows": '{out} = {table}[{table}["{column}"] {op} "{value}"]',
    "join_tables": '{out} = {left}.merge({right}, on="{on}")',
    "add_column": '{table}["{column}"] = {table}.eval("{expression}").round(2)',
    "aggregate": '{out} = {table}.groupby({by}, as_index=False)["{column}"].{how}().round(2)',
    "sort_rows": '{out} = {table}.sort_values("{by}", ascending={ascending})',
    "column_value": '{out} = round({table}["{column}"].{how}(), 2)',
    "get_rows": "{out} = {table}",
}
SHOW = 'print(len({out}), {out}.head(3).to_csv(index=False), sep=" rows\\n")'

TURNS = (
    Turn(
        "Keep the paid orders placed since 2026-01-01. How many are they?",
        (
            (
                call(
                    "filter_rows",
                    "paid",
                    table="orders",
                    column="status",
                    op="==",
                    value="paid",
                    into="paid",
                ),
                call(
                    "filter_rows",
                    "recent",
                    table="paid",
                    column="placed",
                    op=">=",
                    value="2026-01-01",
                    into="recent",
                ),
            ),
        ),
        "{paid[rows]} orders are paid, and {recent[rows]} of them were placed since January.",
    ),
    Turn(
        "Join them with the customers.",
        (
            (
                call(
                    "join_tables",
                    "joined",
                    left="recent",
                    right="customers",
                    on="customer_id",
                    into="joined",
                ),
            ),
        ),
        "Done: `joined` has {joined[rows]} rows.",
    ),
    Turn(
        "Add the revenue of each order, after discount. What is it in total?",
        (
            (
                call(
                    "add_column",
                    "joined",
                    table="joined",
                    column="revenue",
                    expression="quantity * price * (1 - discount)",
                ),
                call("column_value", "total", table="joined", column="revenue", how="sum"),
            ),
        ),
        "The revenue is {total[value]:,.2f} in total.",
    ),
    Turn(
        "Now the revenue for each customer, with region and tier.",
        (
            (
                call(
                    "aggregate",
                    "by_customer",
                    table="joined",
                    by=["customer_id", "region", "tier"],
                    column="revenue",
                    how="sum",
                    into="by_customer",
                ),
            ),
        ),
        "There are {by_customer[rows]} customers in `by_customer`.",
    ),
    Turn(
        "Sort it by revenue, the largest first. What do the best and the average customer bring?",
        (
            (
                call(
                    "sort_rows",
                    "ranked",
                    table="by_customer",
                    by="revenue",
                    ascending=False,
                    into="ranked",
                ),
                call("column_value", "best", table="by_customer", column="revenue", how="max"),
                call("column_value", "mean", table="by_customer", column="revenue", how="mean"),
            ),
        ),
        "The best brings {best[value]:,.2f}, the average {mean[value]:,.2f}.",
    ),
    Turn(
        "Give me the whole sorted table.",
        ((call("get_rows", "report", table="ranked"),),),
        "Here is the whole table.",
        hands_over=("report",),
    ),
)

ORDERS_TURN = Turn(
    "Give me the whole table of orders with their revenue.",
    ((call("get_rows", "report", table="joined"),),),
    "Here is the whole table.",
    hands_over=("report",),
)
"""Another end, with a table of 1,980 rows rather than 579: what is saved grows with the rows."""

SALES = GoldSet(
    "sales",
    "Data task, the table of customers handed over",
    ROLE,
    make_world,
    (TURNS,),
    code=CODE,
    show={"": SHOW, "column_value": "print({out})", "get_rows": ""},
    whole="{out}.to_csv(index=False)",
    fields={"rows": "len({out})", "value": "{out}"},
    described=DESCRIBED,
    handed={"report": pd.DataFrame},
    kept=KEPT,
)
