"""What the support desk's database holds: a catalogue, customers and their orders."""

from collections.abc import Iterator
from itertools import product

Options = dict[str, str]

CATALOGUE: dict[str, tuple[str, float, dict[str, dict[str, float]]]] = {
    "Keyboard": (
        "KB",
        89.0,
        {
            "layout": {"US": 0, "UK": 1, "DE": 3},
            "switches": {"linear": 0, "tactile": 7},
            "backlight": {"none": 0, "white": 9.5},
        },
    ),
    "Desk lamp": (
        "LMP",
        38.0,
        {
            "color": {"white": 0, "black": 0, "brass": 6},
            "dimmable": {"no": 0, "yes": 7.5},
            "power": {"plug": 0, "battery": 12},
        },
    ),
    "Backpack": (
        "BAG",
        74.0,
        {
            "volume": {"20 l": 0, "28 l": 14, "35 l": 22},
            "color": {"green": 0, "grey": 0},
            "laptop sleeve": {"no": 0, "yes": 11},
        },
    ),
    "Mug set": (
        "MUG",
        32.0,
        {
            "pieces": {"4": 0, "6": 14},
            "color": {"blue": 0, "white": 0, "terracotta": 2},
            "glaze": {"matt": 0, "gloss": 1.5},
        },
    ),
    "Rain jacket": (
        "JKT",
        119.0,
        {
            "size": {"S": 0, "M": 0, "L": 0, "XL": 6},
            "color": {"yellow": 0, "navy": 0, "black": 4},
        },
    ),
    "Kettle": (
        "KET",
        54.0,
        {
            "capacity": {"1 l": 0, "1.7 l": 8},
            "finish": {"steel": 0, "black": 3, "cream": 5},
            "temperature control": {"no": 0, "yes": 18},
        },
    ),
    "Headphones": (
        "HP",
        139.0,
        {
            "fit": {"over-ear": 10, "on-ear": 0},
            "color": {"white": 0, "black": 0, "sand": 5},
            "noise cancelling": {"no": 0, "yes": 40},
        },
    ),
    "Yoga mat": (
        "MAT",
        29.0,
        {
            "thickness": {"4 mm": 0, "6 mm": 5, "8 mm": 9},
            "color": {"plum": 0, "slate": 0},
            "material": {"rubber": 4, "cork": 16},
        },
    ),
}
CUSTOMERS = [
    ("u_rossi", "Mara Rossi", "mara.rossi@example.com", "50122", "Via Roma 4, Florence", "gold"),
    ("u_klein", "Jonas Klein", "jonas.klein@example.com", "10115", "Torstr. 9, Berlin", "regular"),
    ("u_diaz", "Elena Diaz", "elena.diaz@example.com", "28001", "Calle Mayor 8, Madrid", "regular"),
    ("u_olsen", "Nils Olsen", "nils.olsen@example.com", "0150", "Storgata 12, Oslo", "gold"),
    ("u_novak", "Petra Novak", "petra.novak@example.com", "11000", "Dlouha 31, Prague", "regular"),
    ("u_morel", "Luc Morel", "luc.morel@example.com", "69002", "Rue Victor 5, Lyon", "regular"),
    ("u_smit", "Anouk Smit", "anouk.smit@example.com", "3511", "Neude 11, Utrecht", "gold"),
    ("u_costa", "Tiago Costa", "tiago.costa@example.com", "4050", "Rua Nova 77, Porto", "regular"),
]
PAYMENTS = [
    ("card_1881", "u_rossi", "card", 0.0),
    ("gift_7720", "u_rossi", "gift card", 35.0),
    ("card_4402", "u_klein", "card", 0.0),
    ("paypal_630", "u_diaz", "paypal", 0.0),
    ("gift_1156", "u_diaz", "gift card", 120.0),
    ("card_9017", "u_olsen", "card", 0.0),
    ("gift_3345", "u_olsen", "gift card", 20.0),
    ("card_5276", "u_novak", "card", 0.0),
    ("paypal_214", "u_novak", "paypal", 0.0),
    ("card_8830", "u_morel", "card", 0.0),
    ("gift_6061", "u_smit", "gift card", 60.0),
    ("paypal_978", "u_smit", "paypal", 0.0),
    ("paypal_451", "u_costa", "paypal", 0.0),
]
ORDERS = [
    ("W1001", "u_rossi", "delivered", "card_1881", "2026-10-12", "KB-01 LMP-03 MUG-01"),
    ("W1044", "u_rossi", "delivered", "card_1881", "2026-11-09", "BAG-05 MAT-02"),
    ("W1002", "u_klein", "delivered", "card_4402", "2026-11-10", "KB-01 LMP-06 MUG-03 BAG-02"),
    ("W1051", "u_klein", "pending", "card_4402", "2026-11-23", "MUG-01 LMP-05"),
    ("W1017", "u_diaz", "delivered", "paypal_630", "2026-09-01", "BAG-06 HP-05 KET-01"),
    ("W1039", "u_diaz", "shipped", "paypal_630", "2026-11-20", "LMP-01 MUG-05"),
    ("W1071", "u_diaz", "pending", "paypal_630", "2026-11-24", "JKT-04 KB-03 MAT-09"),
    ("W1060", "u_olsen", "pending", "card_9017", "2026-11-23", "JKT-06 MAT-05 KET-03"),
    ("W1023", "u_novak", "delivered", "card_5276", "2026-11-15", "HP-02 KET-05 JKT-08 LMP-09"),
    ("W1012", "u_morel", "delivered", "card_8830", "2026-10-28", "KB-02 HP-07"),
    ("W1048", "u_morel", "pending", "card_8830", "2026-11-22", "BAG-03 MAT-07 MUG-09"),
    ("W1008", "u_smit", "delivered", "gift_6061", "2026-10-02", "MAT-06"),
    ("W1033", "u_smit", "delivered", "paypal_978", "2026-11-01", "KET-09 MUG-07"),
    ("W1055", "u_smit", "pending", "paypal_978", "2026-11-21", "LMP-01 JKT-05 HP-09"),
    ("W1005", "u_costa", "delivered", "paypal_451", "2026-10-30", "KET-02 BAG-01 LMP-02"),
    ("W1019", "u_costa", "delivered", "paypal_451", "2026-11-04", "MAT-04 JKT-11"),
    ("W1028", "u_costa", "shipped", "paypal_451", "2026-11-18", "KB-09"),
    ("W1047", "u_costa", "pending", "paypal_451", "2026-11-20", "HP-03 MUG-04"),
    ("W1063", "u_costa", "pending", "paypal_451", "2026-11-23", "BAG-10 LMP-10 MUG-11"),
]


def variants() -> Iterator[tuple[str, str, Options, float, int]]:
    """Yield the SKU, product, options, price and stock of each variant."""
    for name, (prefix, price, options) in CATALOGUE.items():
        for number, chosen in enumerate(product(*options.values()), 1):
            extra = sum(options[kind][value] for kind, value in zip(options, chosen, strict=True))
            stock = (number * 5 + len(name)) % 7  # one in seven is out of stock
            sku = f"{prefix}-{number:02}"
            yield sku, name, dict(zip(options, chosen, strict=True)), price + extra, stock
