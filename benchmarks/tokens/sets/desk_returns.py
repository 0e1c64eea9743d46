"""Conversations of the support desk about what was delivered: exchanges, returns, a refusal."""

from benchmarks.tokens.gold import Turn, call, call_each, ref

EXCHANGE = (
    Turn(
        "Hello, one of the things I got is the wrong one. I'd like to exchange it.",
        (),
        "Hello! I can help with that. Which email address do you have with us, or which name and "
        "postal code?",
    ),
    Turn(
        "jonas.klein@example.com",
        ((call("desk.find_customer", "customer", email="jonas.klein@example.com"),),),
        "Thank you, {customer[name]}. Which order is it, and what would you like instead?",
    ),
    Turn(
        "Order W1002, the keyboard. I need it with the German layout.",
        ((call("desk.order_details", order_id="W1002"),),),
        "W1002 was delivered and has a keyboard with US layout, linear switches and no backlight, "
        "KB-01. Shall the switches and the backlight stay the same, and is there anything else in "
        "the order that you want to exchange?",
        looks=True,
    ),
    Turn(
        "Tactile if you have it, no backlight. Nothing else.",
        ((call("desk.product_variants", product="Keyboard"),),),
        "The tactile German keyboard without backlight is out of stock. With a white backlight, "
        "KB-12, it costs 108.50, which is 19.50 more than yours. Shall I exchange KB-01 of W1002 "
        "for it and charge card_4402?",
        looks=True,
    ),
    Turn(
        "That's too much. What about linear ones?",
        (),
        "KB-09, with German layout, linear switches and no backlight, costs 92.00. I would "
        "exchange KB-01 of W1002 for it and charge 3.00 to card_4402. Shall I do so?",
    ),
    Turn(
        "Yes, do that.",
        (
            (
                call(
                    "desk.exchange_items",
                    "done",
                    order_id="W1002",
                    old_skus=["KB-01"],
                    new_skus=["KB-09"],
                    payment_id="card_4402",
                ),
            ),
        ),
        "Done: the keyboard of {done[id]} will be exchanged for KB-09. {done[difference]:.2f} will "
        "be charged to {done[difference_to]}.",
    ),
)

TWO_RETURNS = (
    Turn(
        "Hi, I'd like to send two things back.",
        (),
        "Hello! Gladly. Please tell me your email address, or your name and postal code.",
    ),
    Turn(
        "mara.rossi@example.com",
        (
            (
                call("desk.find_customer", "customer", email="mara.rossi@example.com"),
                call("desk.customer_details", "details", customer_id=ref("customer", "id")),
            ),
        ),
        "Thank you, {customer[name]}. Which things are they, and do you know the order numbers?",
    ),
    Turn(
        "A desk lamp and a backpack. I don't have the numbers.",
        ((*call_each("desk.order_details", "order_id", ref("details", "orders"), 2),),),
        "The lamp, LMP-03, is in W1001, and the backpack, BAG-05, in W1044. Both were delivered, "
        "and as a gold customer you have 60 days. Shall the refund go to card_1881 or to your gift "
        "card?",
        looks=True,
    ),
    Turn(
        "To the gift card, for both.",
        (),
        "I would take back LMP-03 of W1001 for 45.50 and BAG-05 of W1044 for 88.00, and refund "
        "133.50 in all to gift_7720. Shall I do so?",
    ),
    Turn(
        "Yes please.",
        (
            (
                call(
                    "desk.return_items",
                    "lamp",
                    order_id="W1001",
                    skus=["LMP-03"],
                    payment_id="gift_7720",
                ),
                call(
                    "desk.return_items",
                    "bag",
                    order_id="W1044",
                    skus=["BAG-05"],
                    payment_id="gift_7720",
                ),
            ),
        ),
        "Both returns are noted: {lamp[refund]:.2f} for {lamp[id]} and {bag[refund]:.2f} for "
        "{bag[id]}, to {bag[refund_to]}.",
    ),
    Turn(
        "When do I get the money?",
        (),
        "On a gift card the refund is there at once, when the items have arrived here. Is there "
        "anything else?",
    ),
)

REFUSED = (
    Turn(
        "My backpack is torn and I want my money back. I'm elena.diaz@example.com.",
        (
            (
                call("desk.find_customer", "customer", email="elena.diaz@example.com"),
                call("desk.customer_details", "details", customer_id=ref("customer", "id")),
            ),
        ),
        "I am sorry to hear that, {customer[name]}. In which order did you get it?",
    ),
    Turn(
        "No idea, please look.",
        ((*call_each("desk.order_details", "order_id", ref("details", "orders"), 3),),),
        "It is BAG-06 in W1017, which was placed on 2026-09-01. Items can be returned within 30 "
        "days, so I am sorry that I cannot take it back.",
        looks=True,
    ),
    Turn(
        "Then send me another one in exchange.",
        (),
        "I am sorry, exchanges are possible within the same 30 days only.",
    ),
    Turn(
        "Great. Cancel the lamp that you have just sent, then.",
        (),
        "The lamp is in W1039, which is shipped. A shipped order cannot be changed or cancelled.",
    ),
    Turn(
        "That's not okay. I want to talk to somebody.",
        (
            (
                call(
                    "desk.transfer_to_human",
                    customer_id=ref("customer", "id"),
                    summary="Wants a refund for the torn BAG-06 of W1017 after the 30 days, and to "
                    "cancel W1039, which is shipped.",
                ),
            ),
        ),
        "I have handed you over to a colleague, who will be with you soon.",
    ),
)

TWO_EXCHANGED = (
    Turn(
        "Good morning, can I exchange two things of my last order?",
        (),
        "Good morning! To find you I need your email address, or your name and postal code.",
    ),
    Turn(
        "Petra Novak, 11000.",
        ((call("desk.find_customer_by_name", "customer", name="Petra Novak", zip_code="11000"),),),
        "Thank you, {customer[name]}. Which two things are they, what would you like instead, and "
        "do you know the order number?",
    ),
    Turn(
        "Not the number. I'd like the headphones in black instead of white, and the kettle with "
        "temperature control.",
        (
            (
                call("desk.customer_details", "details", customer_id=ref("customer", "id")),
                *call_each("desk.order_details", "order_id", ref("details", "orders"), 1),
                call("desk.product_variants", product="Headphones"),
                call("desk.product_variants", product="Kettle"),
            ),
        ),
        "In W1023, which was delivered, I would exchange the headphones HP-02 for HP-04, the same "
        "in black for the same price, and the kettle KET-05 for KET-06, with temperature control, "
        "which costs 77.00 and so 18.00 more. Are these all the items, and shall I charge "
        "card_5276?",
        looks=True,
    ),
    Turn(
        "Does the kettle come in black, too?",
        (),
        "Yes: KET-04 has 1 l, is black, has temperature control and costs 75.00, which is 16.00 "
        "more than yours. Would you like that one?",
    ),
    Turn(
        "No, leave it cream. But charge my PayPal, please.",
        (),
        "I would exchange HP-02 for HP-04 and KET-05 for KET-06 in W1023 and charge 18.00 to "
        "paypal_214. Is that right?",
    ),
    Turn(
        "Yes, that's right.",
        (
            (
                call(
                    "desk.exchange_items",
                    "done",
                    order_id="W1023",
                    old_skus=["HP-02", "KET-05"],
                    new_skus=["HP-04", "KET-06"],
                    payment_id="paypal_214",
                ),
            ),
        ),
        "Done: both items of {done[id]} will be exchanged, and {done[difference]:.2f} is charged "
        "to {done[difference_to]}.",
    ),
)
