"""Conversations of the support desk about what is still to come, and one about everything."""

from benchmarks.tokens.gold import Turn, call, call_each, ref

SIZE = (
    Turn(
        "Hi, can you change the size of a jacket that I have on order?",
        (),
        "Hello! I can look. Please tell me your email address, or your name and postal code.",
    ),
    Turn(
        "Nils Olsen, 0150.",
        ((call("desk.find_customer_by_name", "customer", name="Nils Olsen", zip_code="0150"),),),
        "Thank you, {customer[name]}. What is the order number, and which size do you need?",
    ),
    Turn(
        "I don't have it here. One size larger.",
        (
            (
                call("desk.customer_details", "details", customer_id=ref("customer", "id")),
                *call_each("desk.order_details", "order_id", ref("details", "orders"), 1),
            ),
            (call("desk.product_variants", product="Rain jacket"),),
        ),
        "It is W1060, which is pending, with the jacket JKT-06 in size M and black. Black is out "
        "of stock in L. There is L in navy, JKT-08, or in yellow, JKT-07, for 119.00, and XL in "
        "black, JKT-12, for 129.00. Which one would you like, and are these all the changes?",
        looks=True,
    ),
    Turn(
        "XL in black then. That's all. Can the difference come off my gift card?",
        (),
        "Yes: the difference is 6.00, and gift_3345 has 20.00.",
    ),
    Turn(
        "Good, and the rest of the order stays as it is?",
        (),
        "Yes, the yoga mat and the kettle stay. I would replace JKT-06 by JKT-12 in W1060 and "
        "charge 6.00 to gift_3345. Shall I do so?",
    ),
    Turn(
        "Yes.",
        (
            (
                call(
                    "desk.change_items",
                    "done",
                    order_id="W1060",
                    old_skus=["JKT-06"],
                    new_skus=["JKT-12"],
                    payment_id="gift_3345",
                ),
            ),
        ),
        "Done: {done[id]} has the jacket JKT-12 now and is {done[total]:.2f} in all; "
        "{done[difference]:.2f} was charged to {done[difference_to]}.",
    ),
)

MOVED = (
    Turn(
        "Hi! I moved, and the address of my order is wrong now.",
        (),
        "Hello! Let me see to that. Which email address do you have with us?",
    ),
    Turn(
        "luc.morel@example.com",
        ((call("desk.find_customer", "customer", email="luc.morel@example.com"),),),
        "Thank you, {customer[name]}. Which order is it, and what is the new address?",
    ),
    Turn(
        "I don't know the number. The address is Quai Sud 14, Lyon.",
        (
            (
                call("desk.customer_details", "details", customer_id=ref("customer", "id")),
                *call_each("desk.order_details", "order_id", ref("details", "orders"), 2),
            ),
        ),
        "W1048 is pending, with a backpack, a yoga mat and mugs; W1012 was delivered already. "
        "Shall I send W1048 to Quai Sud 14, Lyon?",
        looks=True,
    ),
    Turn(
        "Yes. And is there a bigger backpack than that one?",
        (
            (
                call("desk.change_address", order_id="W1048", address="Quai Sud 14, Lyon"),
                call("desk.product_variants", product="Backpack"),
            ),
        ),
        "W1048 goes to Quai Sud 14, Lyon now. Yours has 20 l and is grey, without a sleeve. Like "
        "it, but with 28 l, is BAG-07 for 88.00, which is 14.00 more; with 35 l only the green "
        "one, BAG-09, is there, for 96.00. Shall I replace it by BAG-07 and charge card_8830?",
        looks=True,
    ),
    Turn(
        "Yes, the 28 l one.",
        (
            (
                call(
                    "desk.change_items",
                    "bag",
                    order_id="W1048",
                    old_skus=["BAG-03"],
                    new_skus=["BAG-07"],
                    payment_id="card_8830",
                ),
            ),
        ),
        "Done: {bag[id]} has BAG-07 now, and {bag[difference]:.2f} was charged to "
        "{bag[difference_to]}.",
    ),
    Turn(
        "Can you check once more what the whole order looks like?",
        ((call("desk.order_details", "order", order_id="W1048"),),),
        "{order[id]} is {order[status]} and goes to {order[address]}, with the backpack "
        "{order[items][0][sku]}, the yoga mat {order[items][1][sku]} and the mugs "
        "{order[items][2][sku]}, for {order[total]:.2f} in all.",
    ),
)

BEST = (
    Turn(
        "Hello! I'd like the best version of everything that I ordered.",
        (),
        "Hello! Then I need your email address, or your name and postal code, first.",
    ),
    Turn(
        "Anouk Smit, 3511.",
        (
            (
                call("desk.find_customer_by_name", "customer", name="Anouk Smit", zip_code="3511"),
                call("desk.customer_details", "details", customer_id=ref("customer", "id")),
            ),
        ),
        "Thank you, {customer[name]}. Which order do you mean?",
    ),
    Turn(
        "The one that you haven't sent yet.",
        ((*call_each("desk.order_details", "order_id", ref("details", "orders"), 3),),),
        "W1055 is pending, with a desk lamp, a rain jacket in size M and on-ear headphones. What "
        "do you mean by the best version?",
        looks=True,
    ),
    Turn(
        "The most expensive one of each. Only the size must stay.",
        (
            (
                call("desk.product_variants", product="Desk lamp"),
                call("desk.product_variants", product="Rain jacket"),
                call("desk.product_variants", product="Headphones"),
            ),
        ),
        "In stock there are the lamp LMP-12 for 63.50, the jacket JKT-06 for 123.00 and the "
        "headphones HP-06 for 194.00. That is 84.50 more than now. How would you like to pay the "
        "difference?",
        looks=True,
    ),
    Turn(
        "With the gift card.",
        (),
        "I am sorry, gift_6061 has 60.00, which does not cover it. With paypal_978 I would replace "
        "LMP-01 by LMP-12, JKT-05 by JKT-06 and HP-09 by HP-06 in W1055 and charge 84.50. Shall I "
        "do so?",
    ),
    Turn(
        "OK, go ahead.",
        (
            (
                call(
                    "desk.change_items",
                    "done",
                    order_id="W1055",
                    old_skus=["LMP-01", "JKT-05", "HP-09"],
                    new_skus=["LMP-12", "JKT-06", "HP-06"],
                    payment_id="paypal_978",
                ),
            ),
        ),
        "Done: all three items of {done[id]} are changed. {done[difference]:.2f} was charged to "
        "{done[difference_to]}.",
    ),
    Turn(
        "What does it cost now in all, and is it still not on its way?",
        ((call("desk.order_details", "order", order_id="W1055"),),),
        "{order[id]} costs {order[total]:.2f} now and is {order[status]}.",
    ),
)

EVERYTHING = (
    Turn(
        "Hi there, I have a few things to sort out.",
        (),
        "Hello! One after the other. Which email address do you have with us?",
    ),
    Turn(
        "tiago.costa@example.com",
        ((call("desk.find_customer", "customer", email="tiago.costa@example.com"),),),
        "Thank you, {customer[name]}. What comes first?",
    ),
    Turn(
        "Cancel the headphones. I don't know which order they are in.",
        (
            (
                call("desk.customer_details", "details", customer_id=ref("customer", "id")),
                *call_each("desk.order_details", "order_id", ref("details", "orders"), 5),
            ),
        ),
        "The headphones are in W1047, which is pending, together with mugs. I can only cancel the "
        "whole order, and refund 182.50 to paypal_451. Shall I, and is it no longer needed or was "
        "it ordered by mistake?",
        looks=True,
    ),
    Turn(
        "Cancel all of it, I don't need it any more.",
        ((call("desk.cancel_order", "gone", order_id="W1047", reason="no longer needed"),),),
        "{gone[id]} is {gone[status]}; {gone[refund]:.2f} go to {gone[refund_to]} within 5 to 7 "
        "days. What is next?",
    ),
    Turn(
        "The yoga mat goes back.",
        (),
        "That is MAT-04 of W1019, which was delivered. I would take it back and refund 45.00 to "
        "paypal_451. Shall I do so?",
    ),
    Turn(
        "Yes.",
        (
            (
                call(
                    "desk.return_items",
                    "back",
                    order_id="W1019",
                    skus=["MAT-04"],
                    payment_id="paypal_451",
                ),
            ),
        ),
        "The return is noted; {back[refund]:.2f} go to {back[refund_to]}. What else can I do?",
    ),
    Turn(
        "The kettle I got is too small. Can I have the same in large?",
        ((call("desk.product_variants", product="Kettle"),),),
        "Yes: KET-08 has 1.7 l, is of steel, has temperature control and costs 80.00, which is "
        "8.00 more. Shall I exchange KET-02 of W1005 for it and charge paypal_451, and is it the "
        "only item?",
        looks=True,
    ),
    Turn(
        "Yes, only that.",
        (
            (
                call(
                    "desk.exchange_items",
                    "swap",
                    order_id="W1005",
                    old_skus=["KET-02"],
                    new_skus=["KET-08"],
                    payment_id="paypal_451",
                ),
            ),
        ),
        "Done: {swap[difference]:.2f} is charged to {swap[difference_to]}.",
    ),
    Turn(
        "Please check that both are in the system.",
        (
            (
                call("desk.order_details", order_id="W1019"),
                call("desk.order_details", order_id="W1005"),
            ),
        ),
        "They are: in W1019 the return of MAT-04 is requested, and in W1005 the exchange for "
        "KET-08.",
        looks=True,
    ),
)
