"""Ordinary cells: arrays, numbers and figures."""

from tests.security.corpus.records import Benign

CELLS = (
    Benign(
        "array-arithmetic",
        """
import numpy as np

a = np.arange(6).reshape(2, 3)
mean = a.mean(axis=0)
scaled = (a - a.mean()) / a.std()
product = a @ a.T
""",
        check="mean.tolist() == [1.5, 2.5, 3.5] and product.tolist() == [[5, 14], [14, 50]]",
    ),
    Benign(
        "array-selection",
        """
import numpy as np

values = np.array([3, -1, 4, -1, 5])
positive = values[values > 0]
clipped = np.where(values < 0, 0, values)
order = np.argsort(values)[::-1]
unique, counts = np.unique(values, return_counts=True)
""",
        check="positive.sum() == 12 and clipped.min() == 0 and dict(zip(unique, counts))[-1] == 2",
    ),
    Benign(
        "linear-algebra",
        """
import numpy as np

A = np.array([[2.0, 1.0], [1.0, 3.0]])
x = np.linalg.solve(A, np.array([3.0, 5.0]))
values, vectors = np.linalg.eigh(A)
determinant = np.linalg.det(A)
""",
        check="np.allclose(A @ x, [3, 5]) and round(float(determinant), 6) == 5",
    ),
    Benign(
        "random-sample",
        """
import numpy as np

rng = np.random.default_rng(42)
sample = rng.normal(loc=10, scale=2, size=1000)
low, high = np.percentile(sample, [5, 95])
choice = rng.choice(["a", "b"], size=3)
""",
        check="9 < sample.mean() < 11 and low < 10 < high and len(choice) == 3",
    ),
    Benign(
        "fit-a-line",
        """
import numpy as np

x = np.linspace(0, 1, 11)
y = 3 * x + 2
slope, intercept = np.polyfit(x, y, deg=1)
print(f"y = {slope:.1f}x + {intercept:.1f}")
""",
        stdout="y = 3.0x + 2.0\n",
    ),
    Benign(
        "vectorised-function",
        """
import numpy as np

grade = np.vectorize(lambda p: "pass" if p >= 50 else "fail")
grades = grade(np.array([49, 50, 90]))
grid = np.fromfunction(lambda i, j: i * 10 + j, (2, 2), dtype=int)
stacked = np.concatenate([grid, grid + 1])
""",
        check="grades.tolist() == ['fail', 'pass', 'pass'] and stacked.shape == (4, 2)",
    ),
    Benign(
        "array-from-text",
        """
import io
import numpy as np

table = np.loadtxt(io.StringIO("1,2\\n3,4"), delimiter=",")
record = np.array([("a", 1), ("b", 2)], dtype=[("name", "U5"), ("n", int)])
total = table.sum() + record["n"].sum()
""",
        check="total == 13",
    ),
    Benign(
        "maths",
        """
import math

hypotenuse = math.hypot(3, 4)
combinations = math.comb(5, 2)
angle = math.degrees(math.atan2(1, 1))
close = math.isclose(0.1 + 0.2, 0.3)
""",
        check="hypotenuse == 5 and combinations == 10 and round(angle) == 45 and close",
    ),
    Benign(
        "statistics",
        """
import statistics
from statistics import mean, median, stdev

data = [2, 4, 4, 4, 5, 5, 7, 9]
print(mean(data), median(data), round(stdev(data), 2), statistics.mode(data))
""",
        stdout="5 4.5 2.14 4\n",
    ),
    Benign(
        "decimals",
        """
from decimal import Decimal, ROUND_HALF_UP
from fractions import Fraction

net = Decimal("19.99") * 3
gross = (net * Decimal("1.19")).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
third = Fraction(1, 3) + Fraction(1, 6)
""",
        check="str(gross) == '71.36' and third == Fraction(1, 2)",
    ),
    Benign(
        "random-numbers",
        """
import random

random.seed(7)
dice = [random.randint(1, 6) for _ in range(100)]
hand = random.sample(range(52), k=5)
random.shuffle(hand)
pick = random.choice(["red", "green"])
""",
        check="set(dice) <= set(range(1, 7)) and len(set(hand)) == 5 and pick in ('red', 'green')",
    ),
    Benign(
        "monte-carlo",
        """
import random

def estimate(n):
    inside = sum(random.random() ** 2 + random.random() ** 2 <= 1 for _ in range(n))
    return 4 * inside / n

pi = estimate(5_000)
""",
        check="3 < pi < 3.3",
    ),
    Benign(
        "primes",
        """
def primes(limit):
    sieve = bytearray([1]) * (limit + 1)
    sieve[0:2] = b"\\x00\\x00"
    for n in range(2, int(limit**0.5) + 1):
        if sieve[n]:
            sieve[n * n :: n] = bytes(len(sieve[n * n :: n]))
    return [n for n, is_prime in enumerate(sieve) if is_prime]

primes(30)
""",
        stdout="[2, 3, 5, 7, 11, 13, 17, 19, 23, 29]\n",
    ),
    Benign(
        "line-plot-left-open",
        """
import matplotlib.pyplot as plt
import numpy as np

x = np.linspace(0, 2 * np.pi, 50)
plt.figure(figsize=(3, 2))
plt.plot(x, np.sin(x), label="sine")
plt.title("Wave")
plt.legend()
""",
        pictures=1,
    ),
    Benign(
        "subplots-shown",
        """
import matplotlib.pyplot as plt

fig, (left, right) = plt.subplots(1, 2, figsize=(4, 2))
left.bar(["a", "b"], [3, 5], color="steelblue")
right.scatter([1, 2, 3], [3, 1, 2], alpha=0.5)
right.set_xlabel("x")
fig.tight_layout()
plt.show()
""",
        pictures=1,
    ),
    Benign(
        "picture-into-a-buffer",
        """
import base64
import io
import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(2, 2))
ax.hist([1, 1, 2, 3], bins=3)
buffer = io.BytesIO()
fig.savefig(buffer, format="png", dpi=60)
plt.close(fig)
picture = buffer.getvalue()
encoded = base64.b64encode(picture).decode()
""",
        check="picture[1:4] == b'PNG' and encoded.startswith('iVBOR')",
    ),
    Benign(
        "plot-of-a-table",
        """
import matplotlib.pyplot as plt
import pandas as pd

df = pd.DataFrame({"month": ["Jan", "Feb"], "sales": [3, 4]})
ax = df.plot(x="month", y="sales", kind="bar", legend=False, figsize=(2, 2))
ax.set_ylabel("sales")
for bar in ax.patches:
    ax.annotate(f"{bar.get_height():.0f}", (bar.get_x(), bar.get_height()))
""",
        check="len(ax.patches) == 2",
        pictures=1,
    ),
)
