"""The tools of a personal assistant, as plain functions over one user's data."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from benchmarks.tokens.gold import World
from benchmarks.tokens.tools import recorded

Record = dict[str, Any]

_WEATHER = {"Lisbon": ("sunny", 18), "Hamburg": ("rain", 6), "Vienna": ("cloudy", 4)}
_FLIGHTS = [
    ("TP571", "Hamburg", "Lisbon", "07:10", 148.0),
    ("LH1172", "Hamburg", "Lisbon", "12:45", 219.0),
    ("TP578", "Lisbon", "Hamburg", "18:20", 131.0),
    ("OS172", "Hamburg", "Vienna", "09:05", 97.0),
]
_HOTELS = [
    ("h_alfama", "Lisbon", "Alfama House", 92.0, 8.7),
    ("h_tejo", "Lisbon", "Hotel Tejo", 121.0, 9.1),
    ("h_ring", "Vienna", "Pension am Ring", 84.0, 8.9),
]
_PRICES = {"NVDA": 182.4, "SAP": 247.1, "SIE": 231.85}


def make_world() -> World:
    """Return the tools over fresh data."""
    data: Record = {
        "events": [
            {"id": "e1", "title": "Stand-up", "day": "2026-12-01", "at": "09:30", "minutes": 15},
            {"id": "e2", "title": "Dentist", "day": "2026-12-01", "at": "14:00", "minutes": 45},
            {"id": "e3", "title": "Review", "day": "2026-12-03", "at": "11:00", "minutes": 60},
        ],
        "bookings": [],
        "cash": 5_000.0,
        "shares": {"SAP": 10},
        "orders": [],
        "watched": ["NVDA", "SAP"],
        "sent": [],
    }
    functions = [*_calendar(data), *_travel(data), *_stocks(data), *_messages(data)]

    def state(names: Mapping[str, Any]) -> Any:
        del names  # the data are what there is in the end
        return data

    return World({}, functions, state)


def _calendar(data: Record) -> list[Callable[..., Any]]:
    @recorded
    def list_events(day: str) -> list[Record]:
        """List the events of a day.

        Args:
            day: As YYYY-MM-DD.
        """
        return [event for event in data["events"] if event["day"] == day]

    @recorded
    def add_event(title: str, day: str, at: str, minutes: int = 60) -> Record:
        """Add an event to the calendar.

        Args:
            day: As YYYY-MM-DD.
            at: When it begins, as HH:MM.
        """
        made = {"title": title, "day": day, "at": at, "minutes": minutes}
        data["events"].append({"id": f"e{len(data['events']) + 1}", **made})
        return dict(data["events"][-1])

    @recorded
    def move_event(event_id: str, day: str, at: str) -> Record:
        """Move an event.

        Args:
            day: As YYYY-MM-DD.
            at: When it begins, as HH:MM.
        """
        event = next(event for event in data["events"] if event["id"] == event_id)
        event |= {"day": day, "at": at}
        return dict(event)

    @recorded
    def get_weather(city: str, day: str) -> Record:
        """Return the weather forecast of a city.

        Args:
            day: As YYYY-MM-DD.
        """
        sky, celsius = _WEATHER[city]
        return {"city": city, "day": day, "sky": sky, "celsius": celsius}

    return [list_events, add_event, move_event, get_weather]


def _travel(data: Record) -> list[Callable[..., Any]]:
    def book(kind: str, what: str, price: float) -> Record:
        booked = {"booking": f"B{len(data['bookings']) + 1:03}", kind: what, "price": price}
        data["bookings"].append(booked)
        return dict(booked)

    @recorded
    def search_flights(origin: str, destination: str, day: str) -> list[Record]:
        """Find flights of a day, the earliest first.

        Args:
            day: As YYYY-MM-DD.
        """
        return [
            {"flight": flight, "day": day, "departs": departs, "price": price}
            for flight, start, end, departs, price in _FLIGHTS
            if (start, end) == (origin, destination)
        ]

    @recorded
    def book_flight(flight: str, day: str, bags: int = 0) -> Record:
        """Book a flight for the user.

        Args:
            day: As YYYY-MM-DD.
            bags: Checked bags, 30 euros each.
        """
        price = next(price for number, _, _, _, price in _FLIGHTS if number == flight)
        return book("flight", f"{flight} {day}", price + 30 * bags)

    @recorded
    def search_hotels(city: str, most_per_night: float) -> list[Record]:
        """Find hotels in a city.

        Args:
            most_per_night: The highest price of a night, in euros.
        """
        return [
            {"hotel_id": key, "name": name, "per_night": price, "rating": rating}
            for key, place, name, price, rating in _HOTELS
            if place == city and price <= most_per_night
        ]

    @recorded
    def book_hotel(hotel_id: str, arrival: str, nights: int) -> Record:
        """Book a room for the user.

        Args:
            arrival: As YYYY-MM-DD.
        """
        price = next(price for key, _, _, price, _ in _HOTELS if key == hotel_id)
        return book("hotel", f"{hotel_id} {arrival}", price * nights)

    return [search_flights, book_flight, search_hotels, book_hotel]


def _stocks(data: Record) -> list[Callable[..., Any]]:
    @recorded
    def get_quote(symbol: str) -> Record:
        """Return the price of a stock in euros.

        Args:
            symbol: Such as "SAP".
        """
        return {"symbol": symbol, "price": _PRICES[symbol]}

    @recorded
    def get_account() -> Record:
        """Return the cash and the shares of the user."""
        return {"cash": data["cash"], "shares": dict(data["shares"])}

    @recorded
    def place_order(symbol: str, side: Literal["buy", "sell"], shares: int) -> Record:
        """Buy or sell shares at the price of the market."""
        sign = 1 if side == "buy" else -1
        data["cash"] = round(data["cash"] - sign * shares * _PRICES[symbol], 2)
        data["shares"][symbol] = data["shares"].get(symbol, 0) + sign * shares
        order = f"O{len(data['orders']) + 1:03}"
        data["orders"].append([order, symbol, side, shares])
        return {"order": order, "price": _PRICES[symbol], "cash_left": data["cash"]}

    @recorded
    def get_watchlist() -> list[str]:
        """Return the symbols that the user watches."""
        return list(data["watched"])

    @recorded
    def watch(symbol: str) -> list[str]:
        """Add a symbol to those that the user watches."""
        data["watched"].append(symbol)
        return list(data["watched"])

    return [get_quote, get_account, place_order, get_watchlist, watch]


def _messages(data: Record) -> list[Callable[..., Any]]:
    contacts = {"Ines": "ines@example.com", "Paul": "paul@example.com"}

    @recorded
    def find_contact(name: str) -> Record:
        """Return the email address of a contact."""
        return {"name": name, "email": contacts[name]}

    @recorded
    def send_email(to: str, subject: str, body: str) -> Record:
        """Send an email."""
        data["sent"].append([to, subject, body])
        return {"sent": len(data["sent"]), "to": to}

    return [find_contact, send_email]
