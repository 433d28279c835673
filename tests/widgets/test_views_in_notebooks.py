"""Views in a notebook: the same files as the page's, with the numbers of Python, and alive without a kernel."""

from __future__ import annotations

import base64
import gzip
import inspect
import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import convscope as cs
from browser.test_in_browser import check
from convscope import widgets
from convscope.explorer.pages import static_files, views
from convscope.widgets.join import joined
from convscope.widgets.live import live
from explorer.conftest import Page
from explorer.conftest import page as page
from explorer.conftest import run as run

MOST_BYTES = 60_000  # of a view's module, which a notebook keeps a copy of
PLAIN = [name for name, entry in views().items() if entry.needs == "nothing"]


@pytest.fixture
def net() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.Conv2d(4, 2, 3))


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(1, 1, 12, 12)).astype(np.float32)


def values(answer: bytes) -> Any:
    length = int.from_bytes(answer[:8], "little")
    return json.loads(json.loads(answer[8 : 8 + length])["__metadata__"]["json"])


def test_every_view_of_the_page_is_in_notebooks_and_in_their_docs() -> None:
    files = {Path(name).stem for name in static_files() if name.startswith("views/")}
    docs = (Path(__file__).parents[2] / "docs/how-to/notebook.md").read_text()
    assert files == set(views()) == set(widgets.__all__) - {"View"}
    assert [name for name in views() if f"`{name}(" not in docs] == []


@pytest.mark.parametrize("host", ["", "host", "notebook"])  # opened in the place of another, on a page, beside a kernel
@pytest.mark.parametrize("view", views())
def test_every_view_is_one_module_that_a_notebook_can_keep(view: str, host: str) -> None:
    if view in PLAIN and host == "notebook":
        return  # those need no kernel: they stand on a page
    module = joined(view, host)
    assert len(module.encode()) <= MOST_BYTES
    assert "import " not in "".join(line for line in module.splitlines() if line.startswith("import"))
    assert module.rstrip().splitlines()[-1].startswith("export default ")


def test_the_products_of_a_module_are_those_of_trace(net: torch.nn.Module, x: np.ndarray) -> None:
    view = widgets.trace(net, x, "2", (1, 3, 3))
    told = values(view.ask("runs/network/trace/given%3A0?node=2&at=1%2C3%2C3").body)
    expected = cs.trace(net, x, "2", (1, 3, 3))
    assert (told["total"], told["value"]) == (expected.total, expected.value)
    embedded = json.loads(view.static().split("document.getElementById('view'), ")[1].split(");\n</script>")[0])
    body = base64.b64decode(embedded["embedded"]["runs/network/trace/given%3A0?node=2&at=1%2C3%2C3"]["body"])
    assert values(gzip.decompress(body))["terms"][0]["product"] == expected.largest(1)[0].product


def test_two_views_at_once_know_nothing_of_each_other(net: torch.nn.Module, x: np.ndarray) -> None:
    sent: list[tuple[str, Any]] = []
    shown = {name: live(widgets.trace(net, x * sign, "2", (0, 0, 0))) for name, sign in (("one", 1), ("other", -1))}
    for name, widget in shown.items():
        widget.send = lambda content, buffers=None, name=name: sent.append((name, buffers))  # pyright: ignore
        widget._handle_custom_msg({"number": 1, "address": "runs/network/trace/given%3A0?node=2&at=0%2C0%2C0"}, [])
    totals = [values(buffers[0])["total"] for _, buffers in sent]
    assert totals == [cs.trace(net, x * sign, "2", (0, 0, 0)).total for sign in (1, -1)]
    shown["one"].state = {"node": "0"}
    assert shown["other"].state["node"] == "2"


def test_what_cannot_be_answered_is_said_to_the_view(net: torch.nn.Module, x: np.ndarray) -> None:
    sent: list[Any] = []
    widget = live(widgets.maps(net, x))
    widget.send = lambda content, buffers=None: sent.append(content)  # pyright: ignore
    widget._handle_custom_msg({"number": 7, "address": "runs/network/maps/given%3A0?node=nowhere"}, [])
    widget._handle_custom_msg("no question", [])
    assert len(sent) == 1 and sent[0]["number"] == 7 and "nowhere" in sent[0]["error"]


def test_an_image_that_is_none_is_refused() -> None:
    with pytest.raises(cs.ShapeError, match="finite numbers"):
        widgets.correlate2d(np.full((3, 3), np.nan))
    with pytest.raises(cs.ShapeError):
        widgets.classical(np.zeros(5))
    with pytest.raises(cs.ShapeError, match=r"nonsense.png.*read a file first"):
        widgets.correlate2d("nonsense.png")
    with pytest.raises(cs.ShapeError, match="found 7 in"):
        widgets.correlate2d(np.zeros((8, 8, 7)))
    with pytest.raises(cs.ShapeError, match="found 0 to 300"):
        widgets.reach(np.array([[0.0, 300.0]]))


def test_what_is_not_there_is_refused_before_a_view_is_shown(net: torch.nn.Module, x: np.ndarray) -> None:
    with pytest.raises(cs.ConfigError, match="no method 'magic'"):
        widgets.explain(net, x, "magic")
    with pytest.raises(cs.ConfigError, match="no node '99'"):
        widgets.trace(net, x, node="99")
    with pytest.raises(cs.Error, match="nope"):
        widgets.maps("/tmp/nope", x)


def test_curves_of_several_runs_are_laid_over_one_another(page: Page, tmp_path: Path) -> None:
    copy = tmp_path / "a, b"
    shutil.copytree(page.run, copy)
    state = widgets.curves(str(page.run), copy).state
    assert (state["run"], state["beside"]) == ("digits run", "a%2C%20b")


def test_importing_it_is_fast_since_it_needs_no_other_library() -> None:
    import subprocess
    import sys

    code = "import sys, convscope.widgets; print([m for m in ('torch', 'anywidget', 'numpy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
    assert all(inspect.isfunction(getattr(widgets, name)) for name in PLAIN)


def test_saved_pages_live_without_any_server(page: Page, net: torch.nn.Module, x: np.ndarray, tmp_path: Path) -> None:
    run = cs.open_run(page.run)
    image = np.arange(64, dtype=np.uint8).reshape(8, 8, 1) // 4
    views = {name: getattr(widgets, name)() for name in PLAIN}
    views |= {
        "own image": widgets.correlate2d(np.random.default_rng(0).random((9, 9)), [[1, 0], [0, -1]]),
        "maps": widgets.maps(run, image), "classes": widgets.classes(run, image), "trace": widgets.trace(run, image),
        "explain": widgets.explain(run, image), "field": widgets.field(run, image), "layers": widgets.layers(run),
        "curves": widgets.curves(run), "data": widgets.data(run), "embedding": widgets.embedding(run),
        "whatif": widgets.whatif(run), "components": widgets.components(run, image), "module": widgets.maps(net, x),
    }  # fmt: skip
    files = [str(view.save(tmp_path / f"{name}.html")) for name, view in views.items()]
    check("host", page, *files)


def test_links_of_a_view_open_others_in_its_place(page: Page, tmp_path: Path) -> None:
    """The browser is given what a notebook gives a widget; the server of the page answers in place of a kernel."""
    run = cs.open_run(page.run)
    image = np.arange(64, dtype=np.uint8).reshape(8, 8, 1) // 4
    for name, view in {"layers": widgets.layers(run, image), "data": widgets.data(run)}.items():
        widget = live(view)
        modules = {each: joined(each) for each in views()}
        example = {"image": "test:0"} if "image" in widget.state else {}
        state = {**widget.state, "run": "digits run", **example}  # as the server calls them
        given = {"view": widget.view, "offers": widget.offers, "state": state}
        (tmp_path / f"{name}.json").write_text(json.dumps({"esm": widget._esm, "given": given, "modules": modules}))
    check("notebook", page, str(tmp_path / "layers.json"), str(tmp_path / "data.json"))


def test_links_of_a_network_that_is_no_run_lead_only_where_numbers_suffice(net: torch.nn.Module, x: np.ndarray) -> None:
    assert live(widgets.layers(net, x)).offers.keys() == {"layers", "field", "whatif", "maps", "trace", "components"}
    assert live(widgets.correlate2d()).offers == {}


def test_what_another_view_in_its_place_is_set_to_is_not_the_views(net: torch.nn.Module, x: np.ndarray) -> None:
    view = widgets.layers(net, x)
    widget = live(view)
    widget.state = {**view.state, "columns": "bytes"}
    widget.state = {**view.state, "view": "maps", "node": "1"}
    assert view.state["columns"] == "bytes" and "node" not in view.state


@pytest.mark.parametrize("name", [name for name, entry in views().items() if entry.needs != "nothing"])
def test_a_picture_stands_in_where_neither_widgets_nor_html_are_shown(name: str, page: Page) -> None:
    image = np.arange(64, dtype=np.uint8).reshape(8, 8, 1) // 4
    needed = [image] if views()[name].needs == "image" else []
    bundle = getattr(widgets, name)(cs.open_run(page.run), *needed)._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.width >= 250 and len(data["image/png"]) <= 40_000
    assert np.asarray(picture.convert("L")).std() > 5  # something is drawn


def test_a_large_image_of_ones_own_becomes_the_means_of_what_its_pixels_cover() -> None:
    image = np.zeros((128, 96, 3), np.uint8)
    image[:, :, 0], image[:, 48:, 1], image[0, 0, 2] = 255, 255, 255
    view = widgets.correlate2d(image, "identity")
    red, green, blue = np.array(view.given["pixels"])
    assert red.shape == (64, 48) and (red == 1).all()
    assert (green[:, :24] == 0).all() and (green[:, 24:] == 1).all()
    assert blue[0, 0] == 0.25 and blue.sum() == 0.25
    assert "from 128 × 96 to 64 × 48" in view.given["said"] and view.state["sample"] == "your own"


def test_a_saved_page_holds_what_it_was_set_to(net: torch.nn.Module, x: np.ndarray) -> None:
    view = widgets.trace(net, x)
    view.state |= {"node": "0", "at": "2,4,5"}
    assert "runs/network/trace/given%3A0?node=0&at=2%2C4%2C5" in view.static(whole=False)
