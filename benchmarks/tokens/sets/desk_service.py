"""The support desk of a shop, over a sqlite database."""

import json
import sqlite3
from typing import Any, Literal

from benchmarks.tokens.tools import toolbox

SCHEMA = """
create table users (id text primary key, name text, email text, zip text, address text, tier text);
create table payments (id text primary key, user_id text, kind text, balance real);
create table products (sku text primary key, product text, options text, price real, stock int);
create table orders (id text primary key, user_id text, status text, address text, payment text,
    placed text, note text);
create table items (order_id text, sku text, price real, state text);
"""
USERS = [
    ("u_rossi", "Mara Rossi", "mara.rossi@example.com", "50122", "Via Roma 4, Florence", "gold"),
    ("u_klein", "Jonas Klein", "jonas.klein@example.com", "10115", "Torstr. 9, Berlin", "regular"),
    ("u_diaz", "Elena Diaz", "elena.diaz@example.com", "28001", "Calle Mayor 8, Madrid", "regular"),
    ("u_olsen", "Nils Olsen", "nils.olsen@example.com", "0150", "Storgata 12, Oslo", "gold"),
]
PAYMENTS = [
    ("card_1881", "u_rossi", "card", 0.0),
    ("gift_7720", "u_rossi", "gift card", 35.0),
    ("card_4402", "u_klein", "card", 0.0),
    ("paypal_630", "u_diaz", "paypal", 0.0),
    ("gift_1156", "u_diaz", "gift card", 120.0),
    ("card_9017", "u_olsen", "card", 0.0),
]
PRODUCTS = [
    ("KB-100-US", "Keyboard", {"layout": "US", "switch": "linear"}, 89.0, 14),
    ("KB-100-DE", "Keyboard", {"layout": "DE", "switch": "linear"}, 92.0, 3),
    ("KB-200-DE", "Keyboard", {"layout": "DE", "switch": "tactile"}, 99.0, 0),
    ("LMP-01-W", "Desk lamp", {"color": "white", "dimmable": True}, 45.5, 22),
    ("LMP-01-B", "Desk lamp", {"color": "black", "dimmable": True}, 45.5, 7),
    ("LMP-02-B", "Desk lamp", {"color": "black", "dimmable": False}, 38.0, 9),
    ("BAG-20-G", "Backpack", {"volume": "20 l", "color": "green"}, 74.0, 5),
    ("BAG-28-G", "Backpack", {"volume": "28 l", "color": "green"}, 88.0, 2),
    ("MUG-SET4", "Mugs", {"pieces": 4, "color": "blue"}, 32.0, 40),
    ("MUG-SET6", "Mugs", {"pieces": 6, "color": "blue"}, 46.0, 18),
]
ORDERS = [
    ("W1001", "u_rossi", "delivered", "Via Roma 4, Florence", "card_1881", "2026-11-02", ""),
    ("W1044", "u_rossi", "pending", "Via Roma 4, Florence", "card_1881", "2026-11-22", ""),
    ("W1002", "u_klein", "delivered", "Torstr. 9, Berlin", "card_4402", "2026-11-10", ""),
    ("W1051", "u_klein", "pending", "Torstr. 9, Berlin", "card_4402", "2026-11-23", ""),
    ("W1017", "u_diaz", "delivered", "Calle Mayor 8, Madrid", "paypal_630", "2026-09-01", ""),
    ("W1039", "u_diaz", "shipped", "Calle Mayor 8, Madrid", "paypal_630", "2026-11-20", ""),
    ("W1060", "u_olsen", "pending", "Storgata 12, Oslo", "card_9017", "2026-11-24", ""),
]
ITEMS = [
    ("W1001", "KB-100-US", 89.0, "ordered"),
    ("W1001", "LMP-01-W", 45.5, "ordered"),
    ("W1001", "MUG-SET4", 32.0, "ordered"),
    ("W1044", "BAG-20-G", 74.0, "ordered"),
    ("W1002", "KB-100-US", 89.0, "ordered"),
    ("W1002", "LMP-02-B", 38.0, "ordered"),
    ("W1051", "MUG-SET4", 32.0, "ordered"),
    ("W1051", "LMP-01-B", 45.5, "ordered"),
    ("W1017", "BAG-28-G", 88.0, "ordered"),
    ("W1039", "LMP-01-W", 45.5, "ordered"),
    ("W1060", "KB-100-DE", 92.0, "ordered"),
    ("W1060", "BAG-28-G", 88.0, "ordered"),
]

Record = dict[str, Any]


def open_database() -> sqlite3.Connection:
    """Return a fresh database in memory."""
    # Cells may run in a thread of their own.
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.row_factory = sqlite3.Row
    database.executescript(SCHEMA)
    products = [(sku, name, json.dumps(options), *rest) for sku, name, options, *rest in PRODUCTS]
    for table, rows in (
        ("users", USERS),
        ("payments", PAYMENTS),
        ("products", products),
        ("orders", ORDERS),
        ("items", ITEMS),
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
        """Return status, address, payment and items of an order.

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
        """Cancel a pending order and refund it to the payment used."""
        order = self._order(order_id, "pending")
        refund = round(sum(item["price"] for item in order["items"]), 2)
        self._run("update orders set status = 'cancelled', note = ? where id = ?", reason, order_id)
        return {"order": order_id, "status": "cancelled", "refund": refund, "to": order["payment"]}

    def change_address(self, order_id: str, address: str) -> Record:
        """Change where a pending order is delivered.

        Args:
            address: Street, number and city.
        """
        self._order(order_id, "pending")
        self._run("update orders set address = ? where id = ?", address, order_id)
        return {"order": order_id, "address": address}

    def change_payment(self, order_id: str, payment_id: str) -> Record:
        """Change how a pending order is paid.

        Args:
            payment_id: One of the customer's; a gift card must cover the whole order.
        """
        self._order(order_id, "pending")
        self._run("update orders set payment = ? where id = ?", payment_id, order_id)
        return {"order": order_id, "payment": payment_id}

    def change_item(self, order_id: str, old_sku: str, new_sku: str) -> Record:
        """Replace an item of a pending order by another variant of the same product.

        Args:
            new_sku: The variant to send, which must be in stock.
        """
        self._order(order_id, "pending")
        return self._swap(order_id, old_sku, new_sku, "ordered")

    def return_items(self, order_id: str, skus: list[str], payment_id: str) -> Record:
        """Take items of a delivered order back.

        Args:
            payment_id: Where the refund goes: the payment used, or a gift card.
        """
        order = self._order(order_id, "delivered")
        refund = round(sum(item["price"] for item in order["items"] if item["sku"] in skus), 2)
        for sku in skus:
            sql = "update items set state = 'return requested' where order_id = ? and sku = ?"
            self._run(sql, order_id, sku)
        return {"order": order_id, "returned": skus, "refund": refund, "to": payment_id}

    def exchange_item(self, order_id: str, old_sku: str, new_sku: str) -> Record:
        """Exchange an item of a delivered order for another variant of the same product.

        Args:
            new_sku: The variant to send, which must be in stock.
        """
        self._order(order_id, "delivered")
        return self._swap(order_id, old_sku, new_sku, "exchange requested")

    def add_note(self, order_id: str, note: str) -> Record:
        """Add a note for the warehouse to an order."""
        self._run("update orders set note = ? where id = ?", note, order_id)
        return {"order": order_id, "note": note}

    def transfer_to_human(self, customer_id: str, summary: str) -> Record:
        """Hand the customer over to a colleague.

        Args:
            summary: What it is about, in a sentence.
        """
        self._one("select id from users where id = ?", customer_id)
        return {"transferred": customer_id, "summary": summary}

    def _swap(self, order_id: str, old_sku: str, new_sku: str, state: str) -> Record:
        old = self._one("select price from items where order_id = ? and sku = ?", order_id, old_sku)
        new = self._one("select price, stock from products where sku = ?", new_sku)
        if not new["stock"]:
            message = f"{new_sku} is out of stock."
            raise DeskError(message)
        self._run("update products set stock = stock - 1 where sku = ?", new_sku)
        sql = "update items set sku = ?, price = ?, state = ? where order_id = ? and sku = ?"
        self._run(sql, new_sku, new["price"], state, order_id, old_sku)
        difference = round(new["price"] - old["price"], 2)
        return {"order": order_id, "item": new_sku, "price_difference": difference}

    def _order(self, order_id: str, status: str | None = None) -> Record:
        order = self._one(
            "select id, status, address, payment, placed from orders where id = ?", order_id
        )
        if status not in (None, order["status"]):
            message = f"Order {order_id} is {order['status']}, not {status}."
            raise DeskError(message)
        sql = (
            "select items.sku, product, items.price, state from items "
            "join products on products.sku = items.sku where order_id = ?"
        )
        return {**order, "items": self._all(sql, order_id)}

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
