"""A personal assistant: 15 plain functions of one user, three conversations."""

from benchmarks.tokens.gold import GoldSet, Turn, call, ref
from benchmarks.tokens.sets.assistant_tools import make_world

ROLE = """\
You are a personal assistant. Today is 2026-11-24. Prices are in euros. Do what is asked and \
report it in a sentence or two."""

TRIP = (
    Turn(
        "How's the weather in Lisbon next Wednesday, the 2nd?",
        ((call("get_weather", "lisbon", city="Lisbon", day="2026-12-02"),),),
        "{lisbon[celsius]} degrees and {lisbon[sky]}.",
    ),
    Turn(
        "Nice! Book me the earliest flight there from Hamburg on the 2nd, with one bag.",
        (
            (
                call(
                    "search_flights",
                    "out",
                    origin="Hamburg",
                    destination="Lisbon",
                    day="2026-12-02",
                ),
                call(
                    "book_flight", "going", flight=ref("out", 0, "flight"), day="2026-12-02", bags=1
                ),
            ),
        ),
        "You are on {out[0][flight]} at {out[0][departs]}, for {going[price]} euros with the bag "
        "(booking {going[booking]}).",
    ),
    Turn(
        "And back on the 4th, also with the bag.",
        (
            (
                call(
                    "search_flights",
                    "back",
                    origin="Lisbon",
                    destination="Hamburg",
                    day="2026-12-04",
                ),
                call(
                    "book_flight",
                    "return_",
                    flight=ref("back", 0, "flight"),
                    day="2026-12-04",
                    bags=1,
                ),
            ),
        ),
        "Back with {back[0][flight]} at {back[0][departs]} for {return_[price]} euros (booking "
        "{return_[booking]}).",
    ),
    Turn(
        "Which hotels are there up to 130 a night?",
        ((call("search_hotels", city="Lisbon", most_per_night=130.0),),),
        "Alfama House for 92 euros, rated 8.7, or Hotel Tejo for 121 euros, rated 9.1.",
        looks=True,
    ),
    Turn(
        "The better one, two nights. Put the trip into my calendar and tell Ines about it.",
        (
            (
                call("book_hotel", "room", hotel_id="h_tejo", arrival="2026-12-02", nights=2),
                call(
                    "add_event", title="Trip to Lisbon", day="2026-12-02", at="07:10", minutes=3_360
                ),
                call("find_contact", "ines", name="Ines"),
                call(
                    "send_email",
                    to=ref("ines", "email"),
                    subject="Lisbon",
                    body="I am in Lisbon from 2 to 4 December, at Hotel Tejo.",
                ),
            ),
        ),
        "Hotel Tejo is booked for {room[price]} euros ({room[booking]}), the trip is in your "
        "calendar, and Ines knows.",
    ),
)

DAY = (
    Turn(
        "What's on next Tuesday, 1 December?",
        ((call("list_events", "day", day="2026-12-01"),),),
        "{day[0][title]} at {day[0][at]} and {day[1][title]} at {day[1][at]}.",
    ),
    Turn(
        "Move the dentist to Thursday at the same time.",
        (
            (
                call("list_events", day="2026-12-03"),
                call("move_event", "moved", event_id="e2", day="2026-12-03", at="14:00"),
            ),
        ),
        "{moved[title]} is on {moved[day]} at {moved[at]} now.",
    ),
    Turn(
        "Lunch with Paul on Tuesday at 12:30, an hour and a half. Invite him by email.",
        (
            (
                call(
                    "add_event",
                    "lunch",
                    title="Lunch with Paul",
                    day="2026-12-01",
                    at="12:30",
                    minutes=90,
                ),
                call("find_contact", "paul", name="Paul"),
                call(
                    "send_email",
                    to=ref("paul", "email"),
                    subject="Lunch",
                    body="Lunch on Tuesday, 1 December, at 12:30?",
                ),
            ),
        ),
        "{lunch[title]} is in at {lunch[at]}, and {paul[name]} has an invitation.",
    ),
    Turn(
        "Where is it nicer that day, Vienna or Hamburg?",
        (
            (
                call("get_weather", city="Vienna", day="2026-12-01"),
                call("get_weather", city="Hamburg", day="2026-12-01"),
            ),
        ),
        "Vienna: it is cloudy with 4 degrees there, while it rains in Hamburg.",
        looks=True,
    ),
)

STOCKS = (
    Turn(
        "How much cash do I have, and which shares?",
        ((call("get_account", "account"),),),
        "{account[cash]:,.2f} euros in cash and {account[shares][SAP]} shares of SAP.",
    ),
    Turn(
        "What do the ones on my watchlist cost?",
        (
            (
                call("get_watchlist", "watched"),
                call("get_quote", "first", symbol=ref("watched", 0)),
                call("get_quote", "second", symbol=ref("watched", 1)),
            ),
        ),
        "{first[symbol]} costs {first[price]} and {second[symbol]} {second[price]} euros.",
    ),
    Turn(
        "Sell half of my SAP and buy ten NVDA.",
        (
            (
                call("place_order", "sold", symbol="SAP", side="sell", shares=5),
                call("place_order", "bought", symbol="NVDA", side="buy", shares=10),
            ),
        ),
        "Sold 5 SAP at {sold[price]} and bought 10 NVDA at {bought[price]}; "
        "{bought[cash_left]:,.2f} euros are left.",
    ),
    Turn(
        "Watch Siemens, too. How does it stand?",
        ((call("watch", symbol="SIE"), call("get_quote", "siemens", symbol="SIE")),),
        "{siemens[symbol]} is on your list; it costs {siemens[price]} euros.",
    ),
    Turn(
        "Mail Paul my cash and how many NVDA I hold.",
        (
            (
                call("get_account", "now"),
                call("find_contact", "paul", name="Paul"),
                call(
                    "send_email",
                    to=ref("paul", "email"),
                    subject="My account",
                    body="Cash 4411.50 euros, 10 shares of NVDA.",
                ),
            ),
        ),
        "{paul[name]} has the figures: {now[cash]:,.2f} euros and {now[shares][NVDA]} shares.",
    ),
)

ASSISTANT = GoldSet("assistant", "Personal assistant", ROLE, make_world, (TRIP, DAY, STOCKS))
