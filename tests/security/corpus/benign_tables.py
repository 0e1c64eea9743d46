"""Ordinary cells: tables with pandas."""

from tests.security.corpus.records import Benign

CELLS = (
    Benign(
        "read-csv",
        """
import pandas as pd
from io import StringIO

text = "city,year,sales\\nBonn,2023,10\\nKiel,2023,20\\nBonn,2024,30\\n"
df = pd.read_csv(StringIO(text))
print(df.shape)
""",
        check="list(df.columns) == ['city', 'year', 'sales'] and int(df['sales'].sum()) == 60",
        stdout="(3, 3)\n",
    ),
    Benign(
        "group-and-aggregate",
        """
import pandas as pd

df = pd.DataFrame({"team": ["a", "a", "b"], "points": [1, 2, 5], "games": [1, 1, 2]})
summary = (
    df.groupby("team")
    .agg(points=("points", "sum"), games=("games", "max"), best=("points", "max"))
    .reset_index()
    .sort_values("points", ascending=False)
)
summary
""",
        check="summary.to_dict('records')[0] == {'team': 'b', 'points': 5, 'games': 2, 'best': 5}",
    ),
    Benign(
        "merge",
        """
import pandas as pd

orders = pd.DataFrame({"order": [1, 2, 3], "customer": [7, 8, 7], "amount": [5.0, 9.0, 2.5]})
customers = pd.DataFrame({"customer": [7, 8], "name": ["Ann", "Bo"]})
joined = orders.merge(customers, on="customer", how="left", validate="many_to_one")
by_name = joined.groupby("name")["amount"].sum()
print(by_name.to_string())
""",
        check="by_name['Ann'] == 7.5 and by_name['Bo'] == 9.0",
    ),
    Benign(
        "pivot",
        """
import pandas as pd

df = pd.DataFrame(
    {"day": ["mo", "mo", "tu", "tu"], "item": ["x", "y", "x", "y"], "sold": [1, 2, 3, 4]}
)
table = df.pivot_table(index="day", columns="item", values="sold", aggfunc="sum", margins=True)
wide = df.pivot(index="day", columns="item", values="sold")
long = wide.reset_index().melt(id_vars="day", value_name="sold")
""",
        check="int(table.loc['All', 'All']) == 10 and len(long) == 4",
    ),
    Benign(
        "apply-a-lambda",
        """
import pandas as pd

df = pd.DataFrame({"price": [10.0, 20.0], "qty": [3, 1]})
df["total"] = df.apply(lambda row: row["price"] * row["qty"], axis=1)
df["size"] = df["qty"].map(lambda n: "many" if n > 2 else "few")
df = df.assign(share=lambda d: d["total"] / d["total"].sum())
""",
        check="df['total'].tolist() == [30.0, 20.0] and df['share'].tolist() == [0.6, 0.4]",
    ),
    Benign(
        "query",
        """
import pandas as pd

df = pd.DataFrame({"age": [25, 41, 37], "city": ["Bonn", "Kiel", "Bonn"]})
limit = 30
older = df.query("age > @limit and city == 'Bonn'")
count = len(older)
""",
        check="count == 1 and older['age'].tolist() == [37]",
    ),
    Benign(
        "eval-a-column",
        """
import pandas as pd

df = pd.DataFrame({"revenue": [100, 80], "cost": [60, 90]})
df = df.eval("profit = revenue - cost")
losses = df[df["profit"] < 0]
""",
        check="df['profit'].tolist() == [40, -10] and len(losses) == 1",
    ),
    Benign(
        "text-columns",
        """
import pandas as pd

names = pd.Series(["  Ann Lee ", "bo CHEN", None])
clean = names.str.strip().str.title()
parts = clean.str.split(" ", expand=True)
parts.columns = ["first", "last"]
digits = pd.Series(["a1", "b22"]).str.extract(r"(?P<number>\\d+)")["number"].astype(int)
""",
        check="parts['last'].tolist()[:2] == ['Lee', 'Chen'] and digits.tolist() == [1, 22]",
    ),
    Benign(
        "date-columns",
        """
import pandas as pd

df = pd.DataFrame({"when": ["2024-01-31", "2024-02-29", "2024-02-01"], "n": [1, 2, 3]})
df["when"] = pd.to_datetime(df["when"])
df["month"] = df["when"].dt.month
df["weekday"] = df["when"].dt.day_name()
per_month = df.groupby("month")["n"].sum().to_dict()
""",
        check="per_month == {1: 1, 2: 5} and df['weekday'][1] == 'Thursday'",
    ),
    Benign(
        "describe",
        """
import pandas as pd

df = pd.DataFrame({"x": [1, 2, 3, 4], "label": list("aabb")})
stats = df.describe()
print(stats.round(2))
print(df["label"].value_counts().to_dict())
""",
        check="stats.loc['mean', 'x'] == 2.5",
    ),
    Benign(
        "rolling-mean",
        """
import pandas as pd

series = pd.Series([1.0, 2.0, 3.0, 4.0], index=pd.date_range("2024-01-01", periods=4))
smooth = series.rolling(window=2).mean()
change = series.pct_change().iloc[-1]
total = series.cumsum().iloc[-1]
""",
        check="smooth.iloc[-1] == 3.5 and total == 10.0 and round(change, 3) == 0.333",
    ),
    Benign(
        "resample",
        """
import numpy as np
import pandas as pd

index = pd.date_range("2024-01-01", periods=14, freq="D")
daily = pd.DataFrame({"visits": np.arange(14)}, index=index)
weekly = daily.resample("7D").sum()
weekly.index = weekly.index.strftime("%Y-%m-%d")
""",
        check="weekly['visits'].to_dict() == {'2024-01-01': 21, '2024-01-08': 70}",
    ),
    Benign(
        "missing-values",
        """
import numpy as np
import pandas as pd

df = pd.DataFrame({"a": [1.0, np.nan, 3.0], "b": ["x", None, "z"]})
missing = df.isna().sum().to_dict()
filled = df.fillna({"a": df["a"].median(), "b": "?"})
dropped = df.dropna(subset=["a"])
""",
        check="missing == {'a': 1, 'b': 1} and filled['a'][1] == 2 and len(dropped) == 2",
    ),
    Benign(
        "to-text-formats",
        """
import json
import pandas as pd

df = pd.DataFrame({"id": [1, 2], "tag": ["x", "y"]})
as_csv = df.to_csv(index=False)
as_json = json.loads(df.to_json(orient="records"))
as_html = df.to_html(index=False)
print(as_csv)
""",
        check="as_csv.split()[1] == '1,x' and as_json[1]['tag'] == 'y' and '<table' in as_html",
    ),
    Benign(
        "write-to-a-buffer",
        """
import io
import pandas as pd

buffer = io.StringIO()
pd.DataFrame({"n": [1, 2, 3]}).to_csv(buffer, index=False)
buffer.seek(0)
again = pd.read_csv(buffer)
info = io.StringIO()
again.info(buf=info)
""",
        check="again['n'].tolist() == [1, 2, 3] and '3 non-null' in info.getvalue()",
    ),
    Benign(
        "index-work",
        """
import pandas as pd

df = pd.DataFrame({"k": ["a", "b", "c"], "v": [1, 2, 3]}).set_index("k")
df.loc["d"] = 4
top = df.nlargest(2, "v")
df.loc[df["v"] > 2, "v"] *= 10
row = df.loc["c"]
pairs = [(index, row.v) for index, row in df.iterrows()]
named = [r.v for r in df.itertuples()]
""",
        check="pairs == [('a', 1), ('b', 2), ('c', 30), ('d', 40)] and named[-1] == 40",
    ),
    Benign(
        "bins-and-ranks",
        """
import pandas as pd

ages = pd.Series([5, 17, 30, 70])
groups = pd.cut(ages, bins=[0, 12, 18, 65, 120], labels=["child", "teen", "adult", "senior"])
halves = pd.qcut(ages, 2, labels=False)
ranks = ages.rank(ascending=False).astype(int)
""",
        check="groups[1] == 'teen' and halves[3] == 1 and ranks.tolist() == [4, 3, 2, 1]",
    ),
    Benign(
        "concat-and-explode",
        """
import pandas as pd

frames = [pd.DataFrame({"n": [i], "tags": [["x"] * i]}) for i in range(1, 4)]
df = pd.concat(frames, ignore_index=True)
rows = df.explode("tags").drop_duplicates().shape[0]
""",
        check="len(df) == 3 and rows == 3",
    ),
    Benign(
        "pipe-and-transform",
        """
import pandas as pd

def normalise(df, column):
    result = df.copy()
    result[column] = (result[column] - result[column].min()) / (
        result[column].max() - result[column].min()
    )
    return result

df = pd.DataFrame({"g": ["a", "a", "b"], "x": [1.0, 3.0, 5.0]})
scaled = df.pipe(normalise, "x")
df["centred"] = df["x"] - df.groupby("g")["x"].transform("mean")
""",
        check="scaled['x'].tolist() == [0.0, 0.5, 1.0] and df['centred'].tolist() == [-1, 1, 0]",
    ),
    Benign(
        "categories-and-correlation",
        """
import pandas as pd

df = pd.DataFrame({"x": [1, 2, 3, 4], "y": [2, 4, 6, 8], "kind": ["a", "b", "a", "b"]})
df["kind"] = df["kind"].astype("category")
codes = df["kind"].cat.codes.tolist()
r = df[["x", "y"]].corr().iloc[0, 1]
counts = pd.crosstab(df["kind"], df["x"] > 2)
dummies = pd.get_dummies(df["kind"], prefix="kind")
""",
        check="codes == [0, 1, 0, 1] and round(r, 6) == 1 and 'kind_a' in dummies.columns",
    ),
)
