"""The support desk of a shop, over a sqlite database."""

import json
import sqlite3
from typing import Any, Literal

from benchmarks.tokens.sets.desk_data import CUSTOMERS, ORDERS, PAYMENTS, variants
from benchmarks.tokens.tools import toolbox

SCHEMA = """
create table users (id text primary key, name text, email text, zip text, address text, tier text);
create table payments (id text primary key, user_id text, kind text, balance real);
create table products (sku text primary key, product text, options text, price real, stock int);
create table orders (id text primary key, user_id text, status text, address text, payment text,
    placed text, tracking text);
create table items (order_id text, sku text, price real, state text);
"""

Record = dict[str, Any]


def open_database() -> sqlite3.Connection:
    """Return a fresh database in memory."""
    # Cells may run in a thread of their own.
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.row_factory = sqlite3.Row
    database.executescript(SCHEMA)
    products = {sku: (sku, name, json.dumps(o), *rest) for sku, name, o, *rest in variants()}
    addresses = {customer: address for customer, _, _, _, address, _ in CUSTOMERS}
    orders, items = [], []
    for order, customer, status, payment, placed, skus in ORDERS:
        tracking = None if status == "pending" else f"9{order[1:]}{placed[5:7]}{placed[8:]}"
        orders.append((order, customer, status, addresses[customer], payment, placed, tracking))
        items += [(order, sku, products[sku][3], "ordered") for sku in skus.split()]
    for table, rows in (
        ("users", CUSTOMERS),
        ("payments", PAYMENTS),
        ("products", list(products.values())),
        ("orders", orders),
        ("items", items),
    ):
        marks = ", ".join("?" * len(rows[0]))
        database.executemany(f"insert into {table} values ({marks})", rows)
    return database


class DeskError(Exception):
    """What was asked for is not allowed."""


@toolbox
class Desk:
    """The shop's orders, customers and products."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def find_customer(self, email: str) -> Record:
        """Find a customer by the email address."""
        return self._one("select id, name, zip, tier from users where email = ?", email)

    def find_customer_by_name(self, name: str, zip_code: str) -> Record:
        """Find a customer who does not know the email address.

        Args:
            zip_code: Postal code of the address on file.
        """
        sql = "select id, name, zip, tier from users where name = ? and zip = ?"
        return self._one(sql, name, zip_code)

    def customer_details(self, customer_id: str) -> Record:
        """Return address, payment methods with balances, and order numbers of a customer."""
        user = self._one("select name, email, address, tier from users where id = ?", customer_id)
        kinds = "select id, kind, balance from payments where user_id = ?"
        user["payments"] = self._all(kinds, customer_id)
        orders = self._all("select id from orders where user_id = ?", customer_id)
        user["orders"] = [order["id"] for order in orders]
        return user

    def order_details(self, order_id: str) -> Record:
        """Return status, address, payment, total and items of an order.

        Args:
            order_id: Such as "W1001".
        """
        return self._order(order_id)

    def product_variants(self, product: str) -> list[Record]:
        """Return the variants of a product, with options, price and stock.

        Args:
            product: Name of the product, such as "Keyboard".
        """
        rows = self._all(
            "select sku, options, price, stock from products where product = ?", product
        )
        return [{**row, "options": json.loads(row["options"])} for row in rows]

    def list_products(self) -> list[str]:
        """Return the names of all products."""
        return [row["product"] for row in self._all("select distinct product from products")]

    def cancel_order(
        self, order_id: str, reason: Literal["no longer needed", "ordered by mistake"]
    ) -> Record:
        """Cancel a pending order, refund it to the payment used, and return it."""
        order = self._order(order_id, "pending")
        self._run("update orders set status = 'cancelled' where id = ?", order_id)
        refund = {"refund": order["total"], "refund_to": order["payment"], "reason": reason}
        return {**self._order(order_id), **refund}

    def change_address(self, order_id: str, address: str) -> Record:
        """Change where a pending order is delivered, and return the order.

        Args:
            address: Street, number and city.
        """
        self._order(order_id, "pending")
        self._run("update orders set address = ? where id = ?", address, order_id)
        return self._order(order_id)

    def change_payment(self, order_id: str, payment_id: str) -> Record:
        """Change how a pending order is paid, and return the order.

        Args:
            payment_id: One of the customer's; a gift card must cover the whole order.
        """
        self._order(order_id, "pending")
        self._run("update orders set payment = ? where id = ?", payment_id, order_id)
        return self._order(order_id)

    def change_items(
        self, order_id: str, old_skus: list[str], new_skus: list[str], payment_id: str
    ) -> Record:
        """Replace items of a pending order by other variants of the same products.

        Args:
            new_skus: The variants to send, in the order of `old_skus`; they must be in stock.
            payment_id: What the difference in price is charged or refunded to.
        """
        self._order(order_id, "pending")
        return self._swap(order_id, old_skus, new_skus, payment_id, "ordered")

    def return_items(self, order_id: str, skus: list[str], payment_id: str) -> Record:
        """Take items of a delivered order back, and return the order.

        Args:
            payment_id: Where the refund goes: the payment used, or a gift card.
        """
        order = self._order(order_id, "delivered")
        refund = round(sum(item["price"] for item in order["items"] if item["sku"] in skus), 2)
        for sku in skus:
            sql = "update items set state = 'return requested' where order_id = ? and sku = ?"
            self._run(sql, order_id, sku)
        return {**self._order(order_id), "refund": refund, "refund_to": payment_id}

    def exchange_items(
        self, order_id: str, old_skus: list[str], new_skus: list[str], payment_id: str
    ) -> Record:
        """Exchange items of a delivered order for other variants of the same products.

        Args:
            new_skus: The variants to send, in the order of `old_skus`; they must be in stock.
            payment_id: What the difference in price is charged or refunded to.
        """
        self._order(order_id, "delivered")
        return self._swap(order_id, old_skus, new_skus, payment_id, "exchange requested")

    def change_customer_address(self, customer_id: str, address: str) -> Record:
        """Change the address on file of a customer, not that of orders.

        Args:
            address: Street, number and city.
        """
        self._run("update users set address = ? where id = ?", address, customer_id)
        return self._one("select id, name, address from users where id = ?", customer_id)

    def transfer_to_human(self, customer_id: str, summary: str) -> Record:
        """Hand the customer over to a colleague.

        Args:
            summary: What it is about, in a sentence.
        """
        self._one("select id from users where id = ?", customer_id)
        return {"transferred": customer_id, "summary": summary}

    def _swap(
        self, order_id: str, old_skus: list[str], new_skus: list[str], payment_id: str, state: str
    ) -> Record:
        before = self._order(order_id)["total"]
        for old_sku, new_sku in zip(old_skus, new_skus, strict=True):
            new = self._one("select price, stock from products where sku = ?", new_sku)
            if not new["stock"]:
                message = f"{new_sku} is out of stock."
                raise DeskError(message)
            self._one("select sku from items where order_id = ? and sku = ?", order_id, old_sku)
            self._run("update products set stock = stock - 1 where sku = ?", new_sku)
            sql = "update items set sku = ?, price = ?, state = ? where order_id = ? and sku = ?"
            self._run(sql, new_sku, new["price"], state, order_id, old_sku)
        order = self._order(order_id)
        difference = round(order["total"] - before, 2)
        return {**order, "difference": difference, "difference_to": payment_id}

    def _order(self, order_id: str, status: str | None = None) -> Record:
        order = self._one(
            "select id, user_id as customer, status, address, payment, placed, tracking "
            "from orders where id = ?",
            order_id,
        )
        if status not in (None, order["status"]):
            message = f"Order {order_id} is {order['status']}, not {status}."
            raise DeskError(message)
        sql = (
            "select items.sku, product, options, items.price, state from items "
            "join products on products.sku = items.sku where order_id = ?"
        )
        items = [{**i, "options": json.loads(i["options"])} for i in self._all(sql, order_id)]
        return {**order, "total": round(sum(item["price"] for item in items), 2), "items": items}

    def _one(self, sql: str, *values: str) -> Record:
        found = self._all(sql, *values)
        if not found:
            message = f"Nothing found for {', '.join(values)}."
            raise DeskError(message)
        return found[0]

    def _all(self, sql: str, *values: str) -> list[Record]:
        return [dict(row) for row in self._database.execute(sql, values)]

    def _run(self, sql: str, *values: Any) -> None:
        self._database.execute(sql, values)
