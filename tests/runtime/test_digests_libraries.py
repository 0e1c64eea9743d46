"""Digests of values of other packages, with the packages themselves where they are installed."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cave_agent.runtime import digest

N = 5_000


def test_numpy() -> None:
    np = pytest.importorskip("numpy")
    table = np.linspace(0.01, 9.7, 3_000).reshape(1_000, 3)
    assert digest(table) == "ndarray (1000, 3) float64 [min 0.01, max 9.7]"
    assert digest(table, private=True) == "ndarray (1000, 3) float64"
    assert digest(np.arange(5)) == "ndarray (5,) int64 [0, 1, 2, 3, 4]"
    assert digest(np.array([[1.5]])) == "ndarray (1, 1) float64 [[1.5]]"
    assert digest(np.array([np.nan] * 50)) == "ndarray (50,) float64 [has nan]"
    assert digest(np.zeros(2_000_000)) == "ndarray (2000000,) float64"
    assert digest(np.array([object()])) == "ndarray (1,) object"
    assert digest(np.zeros(30, [("a", int), ("b", float)])) == "ndarray (30,) [a int64, b float64]"
    assert digest(np.ma.array([1, 2], mask=[0, 1])) == "MaskedArray (2,) int64"
    assert digest(np.float64(3.5)) == "float64 3.5"
    assert digest([np.int8(1)]) == "list of 1 int8 [int8 1]"
    assert digest(np.datetime64("2024-01-01")) == "datetime64 2024-01-01"


def test_what_is_mapped_from_a_file_is_not_read(tmp_path: Path) -> None:
    np = pytest.importorskip("numpy")
    mapped = np.memmap(tmp_path / "x", dtype="f8", mode="w+", shape=(100,))
    assert digest(mapped) == "memmap (100,) float64"


def test_pandas() -> None:
    pd = pytest.importorskip("pandas")
    day = pd.Timestamp("2024-01-01")
    frame = pd.DataFrame({"id": range(N), "paid": True, "total": 1.5, "day": day})
    unit = frame["day"].dtype
    assert digest(frame) == f"DataFrame 5,000×4 [id int64, paid bool, total float64, day {unit}]"
    assert digest(frame[["id"]], room=20) == "DataFrame 5,000×1 […"
    assert digest(frame.set_index("id")[["total"]]) == (
        "DataFrame 5,000×1 [total float64], index id int64"
    )
    assert digest(pd.DataFrame()) == "DataFrame 0×0"
    wide = digest(pd.DataFrame(0, index=range(2), columns=range(10_000)))
    assert wide.startswith("DataFrame 2×10,000 [0 int64, 1 int64, ")
    assert wide.endswith(", …]")
    ones = ", ".join(["1.5"] * 12)
    assert digest(frame["total"]) == f"Series 'total' of 5,000 float64 [{ones}, …]"
    assert digest(frame["total"], private=True) == "Series 'total' of 5,000 float64"
    assert digest(frame["total"], private=["total"]) == "Series 'total' of 5,000 float64"
    assert digest(pd.Series(["a", "b"], dtype="category")) == "Series of 2 category ['a', 'b']"
    assert digest(frame.index).startswith("RangeIndex of 5,000 int64 [0, 1, 2")
    assert digest(frame.groupby("paid")) == "DataFrameGroupBy by 'paid'"
    assert digest(frame.groupby(["paid", "day"])["id"]) == "SeriesGroupBy by 'paid', 'day'"
    assert digest(day) == "Timestamp 2024-01-01 00:00:00"
    assert digest([frame.head(2)[["id"]]]) == "list of 1 DataFrame [DataFrame 2×1 [id int64]]"


def test_pandas_with_labels_of_several_levels() -> None:
    np = pytest.importorskip("numpy")
    pd = pytest.importorskip("pandas")
    names = pd.Categorical(np.array(["ann", "bob"])[np.arange(10**6) % 2])
    days = pd.date_range("2020", periods=10**6, freq="s")
    index = pd.MultiIndex.from_arrays([names, days], names=["who", "when"])
    started = time.perf_counter()
    text = digest(index)
    assert time.perf_counter() - started < 0.1
    assert text == (
        "MultiIndex (who, when) of 1,000,000 [('ann', Timestamp 2020-01-01 00:00:00), …]"
    )
    frame = pd.DataFrame(index=index)
    assert digest(frame) == "DataFrame 1,000,000×0, index who when object"
    for private in (True, ["who"]):
        assert digest(index, private=private) == "MultiIndex (who, when) of 1,000,000"
    assert digest(pd.MultiIndex.from_tuples([(1, None)])) == "MultiIndex of 1 [(1, nan)]"


def test_a_frame_of_a_class_of_one_s_own() -> None:
    pd = pytest.importorskip("pandas")

    class Sales(pd.DataFrame):  # type: ignore[misc, name-defined]
        pass

    assert digest(Sales({"id": [1]})) == "Sales 1×1 [id int64]"


def test_polars() -> None:
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"a": range(N), "b": ["x"] * N})
    assert digest(frame) == "DataFrame 5,000×2 [a Int64, b String]"
    assert digest(frame["b"][:2]) == "Series 'b' of 2 String ['x', 'x']"
    assert digest(frame["b"], private=["b"]) == "Series 'b' of 5,000 String"
    assert digest(frame.lazy()) == "LazyFrame, not collected"


def test_pyarrow() -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"a": range(N), "b": ["x"] * N})
    assert digest(table) == "Table 5,000×2 [a int64, b string]"
    assert digest(table.schema) == "Schema [a int64, b string]"
    assert digest(table["b"][:1]) == "ChunkedArray of 1 string ['x']"
    assert digest(pa.array([1, 2])) == "Int64Array of 2 int64 [1, 2]"
    assert digest(pa.array([1, 2]), private=True) == "Int64Array of 2 int64"
    assert digest(pa.scalar(1)) == "Int64Scalar 1"


def test_xarray() -> None:
    np = pytest.importorskip("numpy")
    xr = pytest.importorskip("xarray")
    array = xr.DataArray(np.zeros((2, 3)), dims=("x", "y"), name="t", coords={"x": [1, 2]})
    assert digest(array) == "DataArray 't' (x 2, y 3) float64 [coord x]"
    assert digest(xr.Dataset({"t": array})) == "Dataset (x 2, y 3) [t (x, y) float64]"


def test_scipy() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    assert digest(sparse.eye(3, format="csr")) == "csr_matrix (3, 3) float64, 3 stored"
    assert digest(sparse.coo_array((2, 3))) == "coo_array (2, 3) float64, 0 stored"
    assert digest(sparse.lil_matrix((2, 2))) == "lil_matrix (2, 2) float64"


def test_torch() -> None:
    torch: Any = pytest.importorskip("torch")
    assert digest(torch.zeros(3, 4)) == "Tensor (3, 4) float32 on cpu"
    assert digest(torch.nn.Linear(2, 1)) == "Linear of 3 parameters, training"


def test_networkx() -> None:
    nx = pytest.importorskip("networkx")
    graph = nx.path_graph(5)
    graph.nodes[0]["color"] = "red"
    assert digest(graph) == "Graph of 5 nodes, 4 edges [node has color]"
    assert digest(nx.DiGraph()) == "DiGraph of 0 nodes, 0 edges"
    assert digest(nx.empty_graph(N)) == "Graph of 5,000 nodes"
    view = nx.subgraph_view(nx.path_graph(N), filter_node=pytest.fail)
    assert digest(view) == "Graph, a view of Graph of 5,000 nodes"
    assert digest(nx.DiGraph([(1, 2)]).reverse(copy=False)) == "DiGraph of 2 nodes, 1 edges"


def test_pictures(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    image.new("RGB", (640, 480)).save(tmp_path / "x.png")
    with image.open(tmp_path / "x.png") as picture:
        assert digest(picture) == "PngImageFile 640×480 RGB PNG"
        assert picture.fp.tell() < 100, "the picture was loaded"


def test_matplotlib() -> None:
    figures = pytest.importorskip("matplotlib.figure")
    figure = figures.Figure()
    axes = figure.subplots()
    axes.plot([1, 2])
    axes.set(title="Sales", xlabel="day")
    assert digest(figure) == "Figure 6.4×4.8 inches, 1 axes ['Sales']"
    assert digest(axes) == "Axes [title 'Sales', x 'day', 1 lines]"


def test_httpx() -> None:
    httpx = pytest.importorskip("httpx")
    with httpx.Client(base_url="https://ann:hunter2@x.org/v1", headers={"X-Key": "k"}) as client:
        assert digest(client) == "httpx Client of 'https://ann:***@x.org/v1/'"
    assert digest(client).endswith(", closed")
    assert digest(httpx.AsyncClient()) == "httpx AsyncClient"
    response = httpx.Response(200, json={"a": 1})
    assert digest(response) == "Response 200 OK, 7 bytes of application/json"
    stream = iter([b"x"])
    assert digest(httpx.Response(200, content=stream)) == "Response 200 OK, not read"
    assert next(stream) == b"x"
    request = httpx.Request(
        "GET", "https://ann:hunter2@x.org", headers={"Authorization": "hunter2"}
    )
    for value in (request, request.url, request.headers, httpx.BasicAuth("ann", "hunter2")):
        assert "hunter2" not in digest(value)
        assert "hunter2" not in digest([value])


def test_requests() -> None:
    requests: Any = pytest.importorskip("requests")
    session = requests.Session()
    assert digest(session) == "requests Session"
    session.auth = ("ann", "hunter2")
    assert digest(session) == "requests Session, with a login"
    url = "https://ann:hunter2@x.org"
    request = requests.Request("GET", url, auth=("ann", "hunter2"))
    assert "auth: tuple" in digest(request)
    login = requests.auth.HTTPBasicAuth("ann", "hunter2")
    for value in (request, request.prepare(), login, requests.Request("GET", url, auth=login)):
        assert "hunter2" not in digest(value)
        assert "hunter2" not in digest([value])
    response = requests.Response()
    response.status_code, response.reason = 404, "Not Found"
    assert digest(response) == "Response 404 Not Found, not read"


def test_aiohttp() -> None:
    aiohttp = pytest.importorskip("aiohttp")

    async def look() -> str:
        async with aiohttp.ClientSession("http://ann:hunter2@host:81") as session:
            return digest(session)

    # The package itself takes the login out of the address.
    assert asyncio.run(look()) in {
        "aiohttp ClientSession of 'http://host:81'",
        "aiohttp ClientSession of 'http://ann:***@host:81'",
    }


def test_no_package_is_imported() -> None:
    code = (
        "import sys; from cave_agent.runtime import digest; digest([1]); "
        "print({'numpy', 'pandas', 'sqlalchemy', 'httpx'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
