"""Pictures that cells make, as the model sees them."""

import base64
import io
import random
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Picture

from cave_agent import CaveAgent
from cave_agent.images import LONGEST_SIDE, MOST_BYTES, PRIVATE, shown_images
from cave_agent.messages import ExecutionResultMessage, Image
from cave_agent.models import Model, ModelResponse
from cave_agent.results import RichOutput
from cave_agent.runtime import PythonRuntime, Variable
from cave_agent.serialization import message_from_json, message_to_json
from cave_agent.testing import RecordingModel, ReplayModel, ScriptedModel

FIGURE = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"


def cell(code: str) -> str:
    return f"```python\n{code}\n```"


def seen(code: str, runtime: PythonRuntime | None = None, **options: Any) -> Any:
    """Return what the model was sent of a cell."""
    model = ScriptedModel([cell(code), "I see."])
    agent = CaveAgent(model, runtime, **{"images": True, **options})
    assert agent.run_sync("Draw").content == "I see."
    assert all(isinstance(m["content"], str) for m in model.requests[-1][:-1])
    return model.requests[-1][-1]["content"]


def pictures_in(content: Any) -> list[Picture.Image]:
    assert content[0]["type"] == "text"
    found: list[Picture.Image] = []
    for part in content[1:]:
        assert part["type"] == "image_url"
        kind, _, data = part["image_url"]["url"].partition(";base64,")
        picture = Picture.open(io.BytesIO(base64.b64decode(data)))
        assert kind == f"data:{Picture.MIME[str(picture.format)]}"
        found.append(picture)
    return found


def made(size: tuple[int, int], kind: str = "PNG", mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Picture.frombytes(mode, size, random.Random(0).randbytes(size[0] * size[1] * len(mode))).save(
        file, kind
    )
    return file.getvalue()


def output(content: bytes, kind: str = "image/png") -> RichOutput:
    return RichOutput({kind: base64.b64encode(content).decode()})


def test_a_figure_is_an_image_beside_the_text() -> None:
    plain = seen(FIGURE, images=False)
    content = seen(FIGURE)
    assert content[0]["text"] == plain
    assert "[figure shown: 640×480 pixels]" in plain
    (picture,) = pictures_in(content)
    assert picture.size == (640, 480)


def test_without_pictures_all_is_text_byte_for_byte() -> None:
    for code in ("x = 1", "display('text')", "import pandas as pd\npd.DataFrame({'a': [1]})"):
        assert seen(code) == seen(code, images=False)


@pytest.mark.parametrize("show", ["picture", "display(picture)"])
def test_a_large_picture_is_made_smaller(show: str) -> None:
    code = f"from PIL import Image\npicture = Image.new('RGBA', (4_000, 1_000))\n{show}"
    (picture,) = pictures_in(seen(code))
    assert picture.size == (LONGEST_SIDE, LONGEST_SIDE // 4)


def test_a_picture_that_stays_too_large_as_png_is_a_jpeg() -> None:
    shown = shown_images([output(made((1_500, 1_500)))])
    (image,) = shown.images
    assert (image.media_type, image.width, image.height) == ("image/jpeg", 1_500, 1_500)
    assert len(image.data) * 3 / 4 <= MOST_BYTES
    assert image.tokens == 3_000


def test_a_jpeg_stays_as_it_is() -> None:
    content = made((300, 200), "JPEG")
    (image,) = shown_images([output(content, "image/jpeg")]).images
    assert (image.width, image.height) == (300, 200)
    assert base64.b64decode(image.data) == content


def test_a_cell_s_first_four_are_shown_and_the_rest_counted() -> None:
    code = "from PIL import Image\nfor n in range(6):\n    display(Image.new('L', (n + 1, 1)))"
    content = seen(code)
    assert [picture.width for picture in pictures_in(content)] == [1, 2, 3, 4]
    note = "[2 pictures are not shown to you: at most 4 of a cell are, up to 3 MB each.]"
    assert note in content[0]["text"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture",
        made((9, 9))[:20],
        made((9, 9), "JPEG")[:30],
        b"\x89PNG\r\n\x1a\n" + b"\xff" * 40,
        b"\xff\xd8\xff" + b"\xff" * 40,
        b"\xff\xd8\xff\xe0" + b"\x00" * 40,
    ],
)
def test_what_is_no_picture_is_not_sent(content: bytes) -> None:
    for kind in ("image/png", "image/jpeg"):
        shown = shown_images([output(content, kind)])
        assert shown.images == ()
        assert "1 picture is not shown to you" in shown.note
    broken = RichOutput({"image/png": "not base64!"})
    assert shown_images([broken]).images == ()
    assert seen(f"class Odd:\n    def _repr_png_(self): return {content!r}\nOdd()").startswith("<")


def test_beside_private_data_no_picture_is_sent() -> None:
    runtime = PythonRuntime(variables=[Variable("salaries", [1, 2], private=True)])
    content = seen(FIGURE, runtime)
    assert PRIVATE in content
    assert PRIVATE not in seen("x = 1", runtime)


def test_a_model_of_one_s_own_takes_none_unless_it_says_so() -> None:
    class Own(Model):
        def __init__(self) -> None:
            self.contents: list[Any] = []

        async def call(self, messages: list[dict[str, Any]]) -> ModelResponse:
            self.contents.append(messages[-1]["content"])
            return ModelResponse(cell(FIGURE) if len(self.contents) == 1 else "Done.")

    class Seeing(Own):
        takes_images = True

    for kind, wanted in ((Own, str), (Seeing, list)):
        model = kind()
        CaveAgent(model, images=True).run_sync("Draw")
        assert isinstance(model.contents[-1], wanted)


def test_a_conversation_goes_to_json_and_on_in_another_agent() -> None:
    agent = CaveAgent(ScriptedModel([cell(FIGURE), "I see."]), images=True)
    agent.run_sync("Draw")
    messages = [message_from_json(message_to_json(message)) for message in agent.messages]
    assert messages == agent.messages
    for images, wanted in ((True, list), (False, str)):
        model = ScriptedModel(["Yes."])
        CaveAgent(model, messages=messages, images=images).run_sync("Still there?")
        assert isinstance(model.requests[0][3]["content"], wanted)
    old = '{"content":"done","role":"execution_result"}'
    assert message_from_json(old) == ExecutionResultMessage("done")


def test_images_count_as_tokens_in_estimates() -> None:
    class Silent(Model):
        takes_images = True
        replies = 0

        async def call(self, messages: list[dict[str, Any]]) -> ModelResponse:
            raise NotImplementedError

        async def stream(self, messages: list[dict[str, Any]]) -> Any:
            Silent.replies += 1
            yield cell(FIGURE) if Silent.replies % 2 else "Done."

    plain = CaveAgent(Silent()).run_sync("Draw").token_usage
    shown = CaveAgent(Silent(), images=True).run_sync("Draw").token_usage
    assert shown.estimated
    tokens = Image("image/png", "", 640, 480).tokens
    assert shown.prompt_tokens - plain.prompt_tokens == pytest.approx(tokens, abs=2)


def test_recorded_and_replayed(tmp_path: Path) -> None:
    path = tmp_path / "drawing.jsonl"
    recording = RecordingModel(ScriptedModel([cell(FIGURE), "I see."]), path)
    said = CaveAgent(recording, images=True).run_sync("Draw").content
    replay = ReplayModel(path)
    assert CaveAgent(replay, images=True).run_sync("Draw").content == said
    assert replay.remaining == 0


def test_images_is_a_bool() -> None:
    with pytest.raises(TypeError, match="images='yes' is of the wrong type: use bool"):
        CaveAgent(ScriptedModel([]), images="yes")  # type: ignore[arg-type]
