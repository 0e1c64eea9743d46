"""Ordinary cells: text, dates and data formats."""

from tests.security.corpus.records import Benign

CELLS = (
    Benign(
        "compiled-pattern",
        """
import re

pattern = re.compile(r"(?P<user>[\\w.]+)@(?P<host>[\\w.]+)")
found = [m.groupdict() for m in pattern.finditer("ann@a.org, bo.lee@b.com")]
""",
        check="[f['host'] for f in found] == ['a.org', 'b.com']",
    ),
    Benign(
        "substitute",
        """
import re

text = "Call 555-1234 or 555-9876."
hidden = re.sub(r"(\\d{3})-(\\d{4})", lambda m: m.group(1) + "-" + "*" * 4, text)
numbers = re.findall(r"\\d{3}-\\d{4}", text)
words = re.split(r"\\W+", "one, two;three")
""",
        check="hidden == 'Call 555-**** or 555-****.' and numbers and words[-1] == 'three'",
    ),
    Benign(
        "read-a-log",
        '''
import re
from collections import Counter

log = """2024-01-01 INFO started
2024-01-01 ERROR disk full
2024-01-02 ERROR disk full
"""
levels = Counter()
for line in log.splitlines():
    match = re.match(r"(\\S+) (\\w+) (.*)", line)
    if match:
        levels[match[2]] += 1
''',
        check="levels == {'ERROR': 2, 'INFO': 1}",
    ),
    Benign(
        "json",
        """
import json

data = json.loads('{"users": [{"name": "Ann", "tags": ["x", "y"]}, {"name": "Bo", "tags": []}]}')
names = [user["name"] for user in data["users"] if user["tags"]]
text = json.dumps({"names": names}, indent=2, sort_keys=True)
try:
    json.loads("{broken")
except json.JSONDecodeError as error:
    problem = error.msg
""",
        check="names == ['Ann'] and json.loads(text) == {'names': ['Ann']} and problem",
    ),
    Benign(
        "json-of-own-types",
        """
import json
from datetime import date

def default(value):
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"cannot serialise {type(value).__name__}")

text = json.dumps({"day": date(2024, 5, 1), "n": 3}, default=default)
""",
        check="json.loads(text) == {'day': '2024-05-01', 'n': 3}",
    ),
    Benign(
        "dates",
        """
from datetime import datetime, timedelta, timezone

start = datetime(2024, 2, 28, 23, 30, tzinfo=timezone.utc)
end = start + timedelta(days=1, hours=1)
parsed = datetime.strptime("01/03/2024", "%d/%m/%Y")
print(end.isoformat(), (parsed - datetime(2024, 1, 1)).days, f"{start:%d.%m.%Y}")
""",
        stdout="2024-03-01T00:30:00+00:00 60 28.02.2024\n",
    ),
    Benign(
        "calendar",
        """
import calendar
from datetime import date

leap = [year for year in range(2000, 2021) if calendar.isleap(year)]
last_day = calendar.monthrange(2024, 2)[1]
days = (date(2024, 6, 1) - date(2024, 2, 28)).days
""",
        check="len(leap) == 6 and last_day == 29 and days == 94",
    ),
    Benign(
        "csv-rows",
        """
import csv
import io

rows = list(csv.DictReader(io.StringIO("name,qty\\nbolt,3\\nnut,5\\n")))
total = sum(int(row["qty"]) for row in rows)
out = io.StringIO()
writer = csv.writer(out)
writer.writerow(["total", total])
""",
        check="total == 8 and out.getvalue().strip() == 'total,8'",
    ),
    Benign(
        "wrapped-text",
        """
import textwrap

text = "The quick brown fox jumps over the lazy dog"
wrapped = textwrap.fill(text, width=20)
block = textwrap.indent(textwrap.dedent("    a\\n    b"), "> ")
short = textwrap.shorten(text, width=15, placeholder="…")
""",
        check="max(map(len, wrapped.splitlines())) <= 20 and block == '> a\\n> b'",
    ),
    Benign(
        "f-strings",
        """
rows = [("bolt", 3, 0.25), ("nut", 12, 0.1)]
for name, qty, price in rows:
    print(f"{name:<6}|{qty:>4d}|{qty * price:8.2f}|{qty / 15:>6.1%}")
print(f"{1_234_567:,} {255:#x} {3.14159:.3g} {name!r:>7}")
""",
        stdout=(
            "bolt  |   3|    0.75| 20.0%\n"
            "nut   |  12|    1.20| 80.0%\n"
            "1,234,567 0xff 3.14   'nut'\n"
        ),
    ),
    Benign(
        "format-method",
        """
row = {"name": "bolt", "qty": 3}
print("{} x {:>3}".format(row["name"], row["qty"]))
print("{name:^8}|{qty:05.1f}".format(**row))
print("{0[name]} {1.real}".format(row, 7))
print("{:{width}}!".format("hi", width=4))
""",
        stdout="bolt x   3\n  bolt  |003.0\nbolt 7\nhi  !\n",
    ),
    Benign(
        "percent-format",
        """
print("%s: %d of %d (%.1f%%)" % ("done", 3, 4, 75.0))
print("%(city)-6s|%(n)03d" % {"city": "Bonn", "n": 7})
""",
        stdout="done: 3 of 4 (75.0%)\nBonn  |007\n",
    ),
    Benign(
        "string-methods",
        """
title = "  the old MAN and the sea "
clean = " ".join(word.capitalize() for word in title.split())
slug = clean.lower().replace(" ", "-")
table = str.maketrans({"a": "4", "e": "3"})
leet = clean.translate(table)
head, sep, tail = clean.partition(" Man ")
""",
        check="slug == 'the-old-man-and-the-sea' and leet[-3:] == 'S34' and tail == 'And The Sea'",
    ),
    Benign(
        "template",
        """
from string import Template, ascii_lowercase, punctuation

letter = Template("Dear $name, you owe $amount.").substitute(name="Ann", amount="5 EUR")
shift = {c: ascii_lowercase[(i + 13) % 26] for i, c in enumerate(ascii_lowercase)}
secret = "".join(shift.get(c, c) for c in "hello")
words = letter.translate(str.maketrans("", "", punctuation)).split()
""",
        check="letter == 'Dear Ann, you owe 5 EUR.' and secret == 'uryyb' and len(words) == 6",
    ),
    Benign(
        "hashes-and-identifiers",
        """
import base64
import hashlib
import uuid

digest = hashlib.sha256("data".encode("utf-8")).hexdigest()[:8]
encoded = base64.b64encode(b"hello").decode()
key = uuid.uuid5(uuid.NAMESPACE_DNS, "example.org")
""",
        check="digest == '3a6eb079' and encoded == 'aGVsbG8=' and key.version == 5",
    ),
    Benign(
        "compare-texts",
        """
import difflib
import unicodedata

ratio = difflib.SequenceMatcher(None, "kitten", "sitting").ratio()
close = difflib.get_close_matches("appel", ["apple", "ape", "peach"])
plain = "".join(
    c for c in unicodedata.normalize("NFD", "Café") if unicodedata.category(c) != "Mn"
)
""",
        check="0.6 < ratio < 0.7 and close[0] == 'apple' and plain == 'Cafe'",
    ),
    Benign(
        "word-count",
        '''
from collections import Counter

text = """It was the best of times, it was the worst of times"""
words = [word.strip(",.").lower() for word in text.split()]
top = Counter(words).most_common(3)
longest = max(words, key=len)
''',
        check="top[0] == ('it', 2) and longest == 'times'",
    ),
)
