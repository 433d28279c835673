"""The page: self-contained, safe against hostile names, whole with parts missing, and the same each time."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from example_report import MEANING, bare, contents

from convscope.data.dataset import Notice
from convscope.report.html import html, write
from convscope.report.section import report_of
from convscope.report.sections.classification import tables

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "</style></svg><b>bold",
    "$\\frac{1}{$ & &amp;",
    "日本 \x00\x1b \udcff \u202egnp.exe",
)


class Outline(HTMLParser):
    """Collects what a browser would act on, and checks that the tags nest."""

    VOID = ("meta", "img", "br", "link", "input")

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.open, self.text = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        self.text.append(data)


def outline(path) -> Outline:
    found = Outline()
    found.feed(path.read_text(encoding="utf-8"))
    assert found.open == []
    return found


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    return write(contents(), tmp_path_factory.mktemp("run"))


def test_page_and_figures_are_written(report):
    assert report.name == "report.html"
    names = {
        "baselines",
        "confusion",
        "roc",
        "precision_recall",
        "reliability",
        "curves",
        "lr_schedule",
        "mistakes",
        "kernels",
    }
    names |= {"samples", "augmented"}
    for suffix in ("svg", "png"):
        assert {p.stem for p in (report.parent / "figures").glob(f"*.{suffix}")} == names
    assert report.stat().st_size < 1_000_000


def test_page_says_what_was_found(report):
    found = contents()
    text = " ".join(outline(report).text).replace("\u202f", " ")
    text = re.sub(r"\s+", " ", text)
    accuracy = f"{100 * found.metrics['accuracy']['value']:.1f} %"
    assert re.search(f"On 300 images .* accuracy {accuracy}", text)
    assert "1 warning about the data" in text
    assert "2 images lie in two splits." in text
    assert "The weights kept are those of the epoch with the highest validation accuracy." in text
    assert "2 (kept)" in text
    assert "folder/" in text
    assert "convscope train --config runs/example/config.toml" in text


def test_page_asks_nobody_for_anything(report):
    page = report.read_text(encoding="utf-8")
    assert "@import" not in page
    assert re.findall(r"url\((?!#)[^)]*\)", page) == []
    seen = outline(report)
    assert "script" not in seen.tags
    assert "link" not in seen.tags
    for name, value in seen.attributes:
        assert not name.startswith("on")
        if name in ("src", "href", "xlink:href"):
            assert value.startswith(("data:image/", "#")), value
    assert "://" not in page


def test_references_inside_the_page_lead_somewhere(report):
    seen = outline(report)
    ids = [value for name, value in seen.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    page = report.read_text(encoding="utf-8")
    wanted = {v[1:] for n, v in seen.attributes if n in ("href", "xlink:href") and v.startswith("#")}
    wanted |= set(re.findall(r"url\(#([^)]+)\)", page))
    assert wanted <= set(ids)


def test_names_from_other_peoples_folders_stay_names(tmp_path):
    found = contents(5, classes=HOSTILE)
    found = replace(
        found,
        name=HOSTILE[0],
        own=replace(found.own, worst=tuple(replace(m, id=HOSTILE[i % 5]) for i, m in enumerate(found.own.worst))),
        warnings=(Notice("x", HOSTILE[1], HOSTILE),),
        facts={"source": HOSTILE[2], HOSTILE[0]: "name"},
        plan={"x": HOSTILE[1]},
        shell=HOSTILE[0],
    )
    seen = outline(write(found, tmp_path))
    assert "script" not in seen.tags
    assert "b" not in seen.tags
    assert not any(name.startswith("on") for name, _ in seen.attributes)
    assert "<script>alert(1)</script>" in "".join(seen.text)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not set(page) & {"\x00", "\x1b", "\u202e"}
    for svg in (tmp_path / "figures").glob("*.svg"):
        assert "<script" not in svg.read_text(encoding="utf-8")
        _well_formed(svg)


def _well_formed(svg) -> None:
    from xml.etree import ElementTree

    ElementTree.parse(svg)


def test_bare_contents_make_a_page(tmp_path):
    path = write(bare(), tmp_path)
    seen = outline(path)
    assert {p.stem for p in (tmp_path / "figures").glob("*.png")} == {
        "confusion",
        "roc",
        "precision_recall",
        "reliability",
    }
    ids = {value for name, value in seen.attributes if name == "id"}
    assert {v[1:] for n, v in seen.attributes if n == "href" and v.startswith("#")} <= ids


def test_figures_of_an_earlier_state_do_not_stay(tmp_path):
    (tmp_path / "figures").mkdir()
    for name in ("kernels.svg", "kernels.png", "my own.png"):
        (tmp_path / "figures" / name).write_text("old")
    write(bare(), tmp_path)
    assert {p.stem for p in (tmp_path / "figures").iterdir()} == {
        "confusion", "roc", "precision_recall", "reliability", "my own",
    }  # fmt: skip


def without_mistakes(found):
    return replace(found, own=replace(found.own, worst=(), missed=()))


def test_a_perfect_run_says_so(tmp_path):
    text = " ".join(outline(write(without_mistakes(contents(2, skill=40)), tmp_path)).text)
    assert "It made no mistake on these images." in text
    assert "no interval" in text


def test_a_split_of_one_class_and_one_image(tmp_path):
    from convscope.report.sections.classification.contents import Classified
    from convscope.tasks.classification.scores import score

    labels, probabilities = np.array([0]), np.array([[0.6, 0.4]])
    found = replace(
        bare(),
        metrics=score(labels, probabilities, bare().own.classes)
        | MEANING
        | {"split": "valid", "rule": "x", "chosen_epoch": 1},
        own=Classified(bare().own.classes, labels, probabilities),
    )
    text = " ".join(outline(write(found, tmp_path)).text)
    assert "On 1 image of the validation split, which also served to choose the epoch" in text
    assert "n/a" in text


def test_two_classes_show_the_missed_positives(tmp_path):
    found = contents(2, skill=1.0)
    text = re.sub(r"\s+", " ", " ".join(outline(write(found, tmp_path)).text))
    assert "Missed: “kind 1” called “kind 0”" in text
    assert "Sensitivity" in text
    assert f"it missed {len(found.metrics['binary']['missed'])}" in text


def test_same_contents_same_bytes_and_no_trace(report, tmp_path):
    import matplotlib

    before = dict(matplotlib.rcParams)
    assert write(contents(), tmp_path).read_bytes() == report.read_bytes()
    assert dict(matplotlib.rcParams) == before


def test_of_very_many_classes_the_weakest_are_shown_and_the_rest_is_not_hidden_in_silence():
    found = without_mistakes(contents(300, n=900, skill=4.0))
    shown = tables.classes(found.metrics).rows
    scores = {row["class"]: row["f1"]["value"] for row in found.metrics["per_class"]}
    assert [scores[row[0]] for row in shown] == sorted(scores.values())[:50]
    text = html(found, report_of(found.task).sections(found), {})
    assert "Of 300 classes these are the 50 with the lowest F1" in text
