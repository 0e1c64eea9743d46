"""A retail support desk: 14 tools over a database, a policy, eight conversations."""

from collections.abc import Mapping
from typing import Any

from benchmarks.tokens.gold import GoldSet, Turn, World, call, ref
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
within the same time. A difference in price is charged or refunded to the payment used.
- A shipped order cannot be changed. Where the policy does not help, hand over to a colleague."""


def make_world() -> World:
    """Return a desk over a fresh database."""
    database = open_database()

    def state(names: Mapping[str, Any]) -> Any:
        del names  # the database is what there is in the end
        return list(database.iterdump())

    return World({"desk": Desk(database)}, state=state)


def _identify(query: str, email: str, reply: str) -> Turn:
    """Return a first turn, in which the customer is found and looked up."""
    found = call("desk.find_customer", "customer", email=email)
    known = call("desk.customer_details", "details", customer_id=ref("customer", "id"))
    return Turn(query, ((found, known),), reply)


RETURN = (
    _identify(
        "Hi, I'd like to return something. I'm mara.rossi@example.com.",
        "mara.rossi@example.com",
        "Hello {customer[name]}! Which order is it about: {details[orders][0]} or "
        "{details[orders][1]}?",
    ),
    Turn(
        "The one with the keyboard.",
        (
            (
                call("desk.order_details", "first", order_id="W1001"),
                call("desk.order_details", order_id="W1044"),
            ),
        ),
        "That is {first[id]}, placed on {first[placed]}. It is {first[status]}, with a keyboard, a "
        "desk lamp and mugs. What would you like to return?",
        looks=True,
    ),
    Turn(
        "The lamp and the mugs, please. Refund to my gift card.",
        (),
        "I would take back the desk lamp and the mugs of W1001 and refund 77.50 to the gift card "
        "gift_7720. Shall I do so?",
    ),
    Turn(
        "Yes.",
        (
            (
                call(
                    "desk.return_items",
                    "done",
                    order_id="W1001",
                    skus=["LMP-01-W", "MUG-SET4"],
                    payment_id="gift_7720",
                ),
            ),
        ),
        "Done: {done[refund]} will go to {done[to]} at once when the items are here.",
    ),
)

EXCHANGE = (
    _identify(
        "Hello, my keyboard has the wrong layout. My email is jonas.klein@example.com.",
        "jonas.klein@example.com",
        "Hello {customer[name]}! Is it in order {details[orders][0]} or {details[orders][1]}, and "
        "which layout do you need?",
    ),
    Turn(
        "W1002, I need the German layout, tactile if you have it.",
        (
            (
                call("desk.order_details", order_id="W1002"),
                call("desk.product_variants", product="Keyboard"),
            ),
        ),
        "The tactile German keyboard is out of stock. The linear one, KB-100-DE, is there for "
        "92.00, which is 3.00 more than yours. Shall I exchange it and charge card_4402?",
        looks=True,
    ),
    Turn(
        "Fine, do it. And please note for the warehouse that I'm only home after 5 pm.",
        (
            (
                call(
                    "desk.exchange_item",
                    "swap",
                    order_id="W1002",
                    old_sku="KB-100-US",
                    new_sku="KB-100-DE",
                ),
                call("desk.add_note", order_id="W1002", note="Customer is home after 17:00"),
            ),
        ),
        "Done: you get {swap[item]} for {swap[price_difference]} more, and the note is there.",
    ),
    Turn(
        "Great. Can you also make the lamp in my pending order the white one?",
        (
            (
                call("desk.order_details", order_id="W1051"),
                call("desk.product_variants", product="Desk lamp"),
            ),
        ),
        "Yes: LMP-01-W is in stock at the same price. Shall I change it in W1051?",
        looks=True,
    ),
    Turn(
        "Yes please.",
        (
            (
                call(
                    "desk.change_item",
                    "lamp",
                    order_id="W1051",
                    old_sku="LMP-01-B",
                    new_sku="LMP-01-W",
                ),
            ),
        ),
        "Done: order {lamp[order]} has {lamp[item]} now.",
    ),
)

CANCEL = (
    Turn(
        "I want to cancel my order W1060. I'm Nils Olsen, 0150.",
        (
            (
                call("desk.find_customer_by_name", "customer", name="Nils Olsen", zip_code="0150"),
                call("desk.order_details", "order", order_id="W1060"),
            ),
        ),
        "Hello {customer[name]}! Order {order[id]} is {order[status]}, so that is possible. May I "
        "ask why: is it no longer needed, or was it ordered by mistake?",
    ),
    Turn(
        "By mistake. Actually, keep it if I can pay with something else than the card?",
        ((call("desk.customer_details", "details", customer_id="u_olsen"),),),
        "The only payment on file is {details[payments][0][id]}, a "
        "{details[payments][0][kind]}. Shall I cancel the order?",
        looks=True,
    ),
    Turn(
        "OK, cancel it then.",
        ((call("desk.cancel_order", "gone", order_id="W1060", reason="ordered by mistake"),),),
        "Order {gone[order]} is cancelled; {gone[refund]} go to {gone[to]} within 5 to 7 days.",
    ),
)

REFUSED = (
    _identify(
        "I want to send my backpack back. elena.diaz@example.com",
        "elena.diaz@example.com",
        "Hello {customer[name]}! Your orders are {details[orders][0]} and {details[orders][1]}; "
        "which one has the backpack?",
    ),
    Turn(
        "No idea, please look.",
        (
            (
                call("desk.order_details", "old", order_id="W1017"),
                call("desk.order_details", order_id="W1039"),
            ),
        ),
        "It is in {old[id]}, placed on {old[placed]}. I am sorry: the 30 days in which items can "
        "be returned are over.",
        looks=True,
    ),
    Turn(
        "That's not okay. I want to talk to somebody.",
        (
            (
                call(
                    "desk.transfer_to_human",
                    customer_id="u_diaz",
                    summary="Wants to return BAG-28-G of W1017 after 30 days",
                ),
            ),
        ),
        "I have handed you over to a colleague, who will be with you soon.",
    ),
)

MOVE = (
    _identify(
        "Hi! I moved. Please send my order to Lange Gasse 3, Vienna. (mara.rossi@example.com)",
        "mara.rossi@example.com",
        "Hello {customer[name]}! Let me see which of your orders is still here. May I look at "
        "{details[orders][0]} and {details[orders][1]}?",
    ),
    Turn(
        "Sure.",
        (
            (
                call("desk.order_details", order_id="W1001"),
                call("desk.order_details", "open", order_id="W1044"),
            ),
        ),
        "{open[id]} is {open[status]}. Shall I send it to Lange Gasse 3, Vienna?",
    ),
    Turn(
        "Yes. And I'd like the bigger backpack, if there is one.",
        (
            (
                call(
                    "desk.change_address",
                    "moved",
                    order_id="W1044",
                    address="Lange Gasse 3, Vienna",
                ),
                call("desk.product_variants", product="Backpack"),
            ),
        ),
        "It goes to {moved[address]} now. The backpack with 28 l, BAG-28-G, costs 88.00, which is "
        "14.00 more, charged to card_1881. Shall I change it?",
        looks=True,
    ),
    Turn(
        "Yes.",
        (
            (
                call(
                    "desk.change_item",
                    "bag",
                    order_id="W1044",
                    old_sku="BAG-20-G",
                    new_sku="BAG-28-G",
                ),
                call("desk.order_details", "after", order_id="W1044"),
            ),
        ),
        "Done: {after[id]} has {bag[item]} now and goes to {after[address]}.",
    ),
)

SHIPPED = (
    _identify(
        "elena.diaz@example.com here. Where's my lamp going, and can I pay it by gift card?",
        "elena.diaz@example.com",
        "Hello {customer[name]}! I see {details[payments][1][id]} with a balance of "
        "{details[payments][1][balance]}. May I look at {details[orders][1]}?",
    ),
    Turn(
        "Yes, that's it.",
        ((call("desk.order_details", "sent", order_id="W1039"),),),
        "{sent[id]} is {sent[status]} to {sent[address]}; a shipped order cannot be changed.",
    ),
    Turn(
        "OK. What do you sell besides lamps, and what do the mugs cost?",
        (
            (
                call("desk.list_products", "names"),
                call("desk.product_variants", "mugs", product="Mugs"),
            ),
        ),
        "We have {names[0]}, {names[1]}, {names[2]} and {names[3]}. Four mugs cost "
        "{mugs[0][price]}, six cost {mugs[1][price]}.",
    ),
)

GIFT = (
    _identify(
        "Please switch the payment of my pending order. jonas.klein@example.com",
        "jonas.klein@example.com",
        "Hello {customer[name]}! On file I have {details[payments][0][id]}. What would you like to "
        "do?",
    ),
    Turn(
        "Ah, then cancel the order, I don't need it any more.",
        ((call("desk.order_details", "order", order_id="W1051"),),),
        "{order[id]} is {order[status]}. Shall I cancel it? The refund goes to {order[payment]} "
        "within 5 to 7 days.",
    ),
    Turn(
        "Yes.",
        (
            (
                call("desk.cancel_order", "gone", order_id="W1051", reason="no longer needed"),
                call("desk.add_note", order_id="W1051", note="Cancelled on request by chat"),
            ),
        ),
        "Order {gone[order]} is {gone[status]}; the refund is {gone[refund]}.",
    ),
)

ALL_BACK = (
    _identify(
        "Hi, mara.rossi@example.com. I'd like to return everything of W1001.",
        "mara.rossi@example.com",
        "Hello {customer[name]}, thank you. As a {customer[tier]} customer you have 60 days for a "
        "return. May I look at W1001?",
    ),
    Turn(
        "Yes.",
        ((call("desk.order_details", "order", order_id="W1001"),),),
        "{order[id]} was placed on {order[placed]}, so that is possible: "
        "{order[items][0][product]}, {order[items][1][product]} and {order[items][2][product]}, "
        "refunded to {order[payment]}. Shall I?",
    ),
    Turn(
        "Yes, and cancel the backpack in W1044, too, I don't need it.",
        (
            (
                call(
                    "desk.return_items",
                    "back",
                    order_id="W1001",
                    skus=[
                        ref("order", "items", 0, "sku"),
                        ref("order", "items", 1, "sku"),
                        ref("order", "items", 2, "sku"),
                    ],
                    payment_id=ref("order", "payment"),
                ),
                call("desk.cancel_order", "gone", order_id="W1044", reason="no longer needed"),
            ),
        ),
        "Both done: {back[refund]} for the return and {gone[refund]} for the cancelled order, to "
        "{gone[to]}.",
    ),
    Turn(
        "Thanks! How do both orders stand now?",
        (
            (
                call("desk.order_details", "one", order_id="W1001"),
                call("desk.order_details", "two", order_id="W1044"),
            ),
        ),
        "{one[id]} is {one[status]} with all items in state {one[items][0][state]}; {two[id]} is "
        "{two[status]}.",
    ),
)

DESK = GoldSet(
    "desk",
    "Retail support desk",
    ROLE,
    make_world,
    (RETURN, EXCHANGE, CANCEL, REFUSED, MOVE, SHIPPED, GIFT, ALL_BACK),
    described={"desk": "The shop's orders, customers and products"},
)
