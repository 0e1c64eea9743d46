"""Ordinary cells: the language and its containers."""

from tests.security.corpus.records import Benign

CELLS = (
    Benign(
        "generators",
        """
def fibonacci():
    a, b = 0, 1
    while True:
        yield a
        a, b = b, a + b

def chunks(items, size):
    for start in range(0, len(items), size):
        yield items[start : start + size]

def flatten(nested):
    for item in nested:
        if isinstance(item, list):
            yield from flatten(item)
        else:
            yield item

numbers = fibonacci()
first = [next(numbers) for _ in range(10)]
parts = list(chunks("abcdefg", 3))
flat = list(flatten([1, [2, [3]], 4]))
""",
        check="first[-1] == 34 and parts == ['abc', 'def', 'g'] and flat == [1, 2, 3, 4]",
    ),
    Benign(
        "context-managers",
        """
import time
from contextlib import contextmanager, suppress

steps = []

@contextmanager
def step(name):
    steps.append(f"begin {name}")
    started = time.perf_counter()
    try:
        yield name
    finally:
        steps.append(f"end {name}")
        took = time.perf_counter() - started

class Recorder:
    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        steps.append("left")
        return False

with step("load") as name, Recorder():
    steps.append(name.upper())
with suppress(KeyError):
    {}["missing"]
""",
        check="steps == ['begin load', 'LOAD', 'left', 'end load']",
    ),
    Benign(
        "exceptions",
        """
class NotFound(Exception):
    def __init__(self, key):
        super().__init__(f"no {key}")
        self.key = key

def find(key):
    try:
        return {"a": 1}[key]
    except KeyError as error:
        raise NotFound(key) from error

results = []
for key in ("a", "b"):
    try:
        value = find(key)
    except (NotFound, ValueError) as error:
        results.append(str(error))
    else:
        results.append(value)
    finally:
        results.append("next")
""",
        check="results == [1, 'next', 'no b', 'next']",
    ),
    Benign(
        "async-functions",
        """
import asyncio

async def fetch(n):
    await asyncio.sleep(0)
    return n * n

squares = await asyncio.gather(*(fetch(n) for n in range(4)))

async def countdown(n):
    while n:
        yield n
        n -= 1
        await asyncio.sleep(0)

down = [n async for n in countdown(3)]
""",
        check="squares == [0, 1, 4, 9] and down == [3, 2, 1]",
    ),
    Benign(
        "async-tasks",
        """
import asyncio

queue = asyncio.Queue()
done = []

async def worker():
    while (item := await queue.get()) is not None:
        done.append(item * 2)

task = asyncio.create_task(worker())
for item in (1, 2, None):
    await queue.put(item)
await asyncio.wait_for(task, timeout=5)
""",
        check="done == [2, 4]",
    ),
    Benign(
        "sort-with-keys",
        """
import operator

staff = [{"name": "Bo", "age": 41}, {"name": "Ann", "age": 25}, {"name": "Cy", "age": 41}]
by_age = sorted(staff, key=operator.itemgetter("age", "name"))
oldest = max(staff, key=lambda s: (s["age"], s["name"]))["name"]
words = sorted("banana Apple cherry".split(), key=str.lower, reverse=True)
""",
        check="[s['name'] for s in by_age] == ['Ann', 'Bo', 'Cy'] and oldest == 'Cy'",
    ),
    Benign(
        "comprehensions",
        """
matrix = [[1, 2, 3], [4, 5, 6]]
transposed = [list(row) for row in zip(*matrix)]
squares = {n: n**2 for n in range(5) if n % 2}
letters = {c.lower() for c in "Hello"}
total = sum(x for row in matrix for x in row)
evens, odds = [n for n in range(6) if not n % 2], [*filter(lambda n: n % 2, range(6))]
""",
        check="transposed == [[1, 4], [2, 5], [3, 6]] and squares == {1: 1, 3: 9} and total == 21",
    ),
    Benign(
        "walrus-and-unpacking",
        """
data = [3, 8, 1, 9]
if (n := len(data)) > 3:
    head, *middle, tail = data
big = [y for x in data if (y := x * 2) > 10]
merged = {**{"a": 1}, **{"b": 2}} | {"c": 3}
args, kwargs = (1, 2), {"sep": "-"}
print(*args, **kwargs)
""",
        check="n == 4 and middle == [8, 1] and big == [16, 18] and list(merged) == ['a', 'b', 'c']",
        stdout="1-2\n",
    ),
    Benign(
        "match-over-data",
        """
def describe(event):
    match event:
        case {"type": "click", "at": [x, y]}:
            return f"click {x},{y}"
        case {"type": "key", "key": ("q" | "x") as key}:
            return f"quit by {key}"
        case [first, *rest]:
            return f"{first} and {len(rest)} more"
        case int(n) | float(n) if n > 100:
            return "big"
        case str():
            return event.upper()
        case None:
            return "nothing"
        case _:
            return "other"

answers = [
    describe(e)
    for e in ({"type": "click", "at": [1, 2]}, {"type": "key", "key": "q"}, [1, 2, 3], 101, "a", 5)
]
""",
        check="answers == ['click 1,2', 'quit by q', '1 and 2 more', 'big', 'A', 'other']",
    ),
    Benign(
        "collections",
        """
from collections import ChainMap, Counter, OrderedDict, defaultdict, deque

groups = defaultdict(list)
for word in ("apple", "avocado", "banana"):
    groups[word[0]].append(word)
recent = deque(range(5), maxlen=3)
recent.appendleft(9)
votes = Counter("abca") + Counter("a")
settings = ChainMap({"debug": True}, {"debug": False, "level": 1})
ordered = OrderedDict(sorted(votes.items()))
""",
        check="dict(groups) == {'a': ['apple', 'avocado'], 'b': ['banana']} and votes['a'] == 3",
    ),
    Benign(
        "itertools",
        """
import itertools
from itertools import accumulate, chain, groupby, islice, product

runs = [(key, len(list(group))) for key, group in groupby("aaabbc")]
sums = list(accumulate([1, 2, 3], lambda a, b: a + b))
pairs = list(itertools.combinations("abc", 2))
grid = list(product([0, 1], repeat=2))
first = list(islice(itertools.count(10, 5), 3))
flat = list(chain.from_iterable([[1], [2, 3]]))
""",
        check="runs == [('a', 3), ('b', 2), ('c', 1)] and sums[-1] == 6 and first == [10, 15, 20]",
    ),
    Benign(
        "functools",
        """
import functools
from functools import lru_cache, partial, reduce, singledispatch, wraps

@lru_cache(maxsize=None)
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

def traced(func):
    @wraps(func)
    def wrapper(*args, **kwargs):
        calls.append(func.__name__)
        return func(*args, **kwargs)

    return wrapper

@singledispatch
def show(value):
    return "thing"

@show.register
def _(value: int):
    return "number"

calls = []

@traced
def double(n):
    return 2 * n

answers = [fib(30), double(4), partial(pow, 2)(5), reduce(lambda a, b: a * b, [1, 2, 3, 4])]
""",
        check="answers == [832040, 8, 32, 24] and calls == ['double'] and show(3) == 'number'",
    ),
    Benign(
        "heaps-and-bisection",
        """
import bisect
import heapq
from copy import deepcopy

def shortest(graph, start):
    distances, queue = {start: 0}, [(0, start)]
    while queue:
        distance, node = heapq.heappop(queue)
        for neighbour, length in graph[node].items():
            new = distance + length
            if new < distances.get(neighbour, float("inf")):
                distances[neighbour] = new
                heapq.heappush(queue, (new, neighbour))
    return distances

graph = {"a": {"b": 1, "c": 4}, "b": {"c": 2}, "c": {}}
distances = shortest(deepcopy(graph), "a")
grades = ["F", "C", "A"][bisect.bisect([50, 80], 66)]
""",
        check="distances == {'a': 0, 'b': 1, 'c': 3} and grades == 'C'",
    ),
    Benign(
        "closures",
        """
def counter(start=0):
    count = start

    def step(by=1):
        nonlocal count
        count += by
        return count

    return step

tick = counter(10)
tick()
last = tick(by=5)
print("{}".format(last), end="")
""",
        stdout="16",
    ),
    Benign(
        "bytes-and-bits",
        """
import struct

packed = struct.pack("<Ih", 7, -2)
number, short = struct.unpack("<Ih", packed)
bits = bin(number)[2:].zfill(8)
flags = 0b1010 & ~0b0010 | 1 << 4
text = bytes([72, 105]).decode("ascii") + chr(33) + str(ord("a"))
""",
        check="(number, short, flags) == (7, -2, 24) and bits == '00000111' and text == 'Hi!97'",
    ),
)
