"""The page in a real browser: Debian's Chromium, driven by playwright-core, with axe-core for access."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import convscope as cs
from explorer.conftest import Page, start
from explorer.conftest import page as page
from explorer.conftest import run as run

HERE = Path(__file__).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def needed(found: Any, what: str) -> None:
    """Skip with a word where something is not installed; fail where CI says that all must be there."""
    if not found:
        message = f"{what} is not here; see .ci/run for how it is installed"
        if os.environ.get("CONVSCOPE_REQUIRE_DATA"):
            pytest.fail(message)
        pytest.skip(message)


def node(*arguments: str) -> str:
    """Return what a script printed; the test fails with what it said where it ended badly."""
    needed(shutil.which("node"), "node")
    ended = subprocess.run(["node", *arguments], capture_output=True, text=True, cwd=HERE, timeout=540)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def check(name: str, page: Page, *more: str) -> str:
    """Run one check of the page in a browser."""
    needed(any(map(shutil.which, BROWSERS)), "Chromium")
    needed((HERE / "node_modules" / "playwright-core").exists(), "playwright-core (npm ci in tests/browser)")
    return node("harness.mjs", f"{name}.spec.mjs", page.link, *more)


def test_clicks_lead_from_a_mistake_down_to_a_pixel_and_show_the_numbers_of_trace(page: Page) -> None:
    told = json.loads(check("click_path", page, "digits run"))
    name, image, at = told["state"].split("/trace/")[0].split("/")[-2:], None, None
    node_name, at = told["state"].split("/trace/")[1].split("?")[0].split("/")
    split, row = name
    image = cs.open_run(page.run)
    from convscope.runs.evaluate import held_out

    held, examples, _ = held_out(image)
    assert held == split
    traced = cs.trace(image, examples[int(row)], node_name, tuple(map(int, at.split(","))))
    assert repr(traced.total).replace("-", "−") in told["said"]
    assert told["products"][-1] == repr(traced.largest(1)[0].product).replace("-", "−")


def test_every_view_says_what_is_seen_fits_the_screen_and_can_be_used_by_all(page: Page) -> None:
    check("every_view", page, "digits%20run", "test/0")


def test_maps_of_explanations_curves_and_sums_answer_to_their_controls(page: Page) -> None:
    check("look", page, "digits%20run", "test/0")


def test_a_page_whose_server_has_gone_says_so_and_finds_it_again(page: Page) -> None:
    check("server_gone", page, sys.executable, str(page.run))


def test_links_files_and_keys_around_the_views_lead_where_they_say(page: Page) -> None:
    check("shell", page, "digits%20run")


def test_the_types_of_the_page_hold() -> None:
    needed((HERE / "node_modules" / "typescript").exists(), "typescript (npm ci in tests/browser)")
    node("node_modules/typescript/bin/tsc", "--project", "tsconfig.json")


def test_scripts_of_the_page_that_need_no_browser() -> None:
    scripts = sorted(each.name for each in HERE.glob("*.test.mjs"))
    if scripts:
        node("--test", *scripts)


def test_pictures_of_ones_own_stay_in_the_browser(page: Page) -> None:
    check("own_picture", page)


def test_odd_links_are_said_to_be_so_and_leave_nothing_behind(page: Page) -> None:
    check("odd_links", page, "digits%20run", "test/0")


def test_a_link_to_a_file_of_ones_own_says_that_it_stays_here(page: Page) -> None:
    check("own_file", page, "digits%20run")


def test_examples_are_chosen_by_class_answer_and_mistakes(page: Page) -> None:
    check("examples", page, "digits%20run")


def test_a_class_of_the_legend_marks_its_points(page: Page) -> None:
    check("embedding", page, "digits%20run")


def test_curves_follow_a_training_that_goes_on(page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "growing"
    folder.mkdir()
    shutil.copy(page.run / "config.toml", folder)
    process, link = start(folder, "--port", 0)
    try:
        check("growing_curves", replace(page, **served(link)), "growing", str(folder))
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


def served(link: str) -> dict[str, Any]:
    """Return where a page is served that was started, and its token."""
    port, token = link.removeprefix("http://127.0.0.1:").split("/#/?token=")
    return {"port": int(port), "token": token}


def test_two_methods_stand_side_by_side_and_maps_hold_the_numbers_of_trace(page: Page) -> None:
    check("side_by_side", page, "digits%20run", "test/0")
