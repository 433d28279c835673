"""The picture of a traced number of a network for texts: its tokens, those it sees, and the one where the way ends."""

from __future__ import annotations

import itertools
from pathlib import Path

from matplotlib.text import Text

import convscope as cs
from convscope.api.seen import seen as seen_letters
from convscope.api.trace import trace
from convscope.report.figures.trace import MINUS, draw
from convscope.report.figures.trace_text import LINES, WIDE, laid_out
from convscope.report.trace import inputs_seen, last_token, write_trace


def test_tokens_are_laid_out_without_overlap_and_around_what_is_seen():
    words = ["ab" * (1 + k % 7) for k in range(400)]
    cells = laid_out(words, 200)
    assert cells[0].position <= 200 <= cells[-1].position
    assert [cell.position for cell in cells] == list(range(cells[0].position, cells[-1].position + 1))
    for one, other in itertools.pairwise(cells):
        assert (other.line, other.left) >= (one.line, one.left + one.width) or other.line == one.line + 1
    assert max(cell.line for cell in cells) < LINES and max(cell.left + cell.width for cell in cells) <= WIDE
    assert len(laid_out(["a"] * 30)) == 30


def test_the_text_stands_above_its_number(tmp_path: Path):
    rows = "".join(f"{'mar' if k % 2 else 'jos'}{chr(97 + k % 20)}{k % 7}abc,{'ab'[k % 2]}\n" for k in range(60))
    (tmp_path / "names.csv").write_text("text,label\n" + rows)
    run = cs.train(
        tmp_path / "names.csv", model="text_cnn", epochs=1, baselines=False, out=tmp_path / "run", threads=1,
        amp=False, compile=False,
    )  # fmt: skip
    for node, at, seen in ((None, None, 8), ("windows.conv", (0, 4), 4)):
        chain = trace(run, "mariabc6", node, at).chain(None)
        end = last_token(chain)
        embedded = next(each for each in chain if each.op == "embedding")
        assert end is not None and f"letter {end + 1} of 8" in seen_letters(embedded)
        words = [text.get_text() for text in draw(chain, inputs_seen(chain[0]), end).findobj(Text)]
        assert "".join(words).replace(MINUS, "").count("mariabc6") == 1  # the letters, one after the other
        assert f"It sees {seen} of 8 letters (green)." in words and f"ends at letter {end + 1} (orange):" in words
    assert write_trace(chain, tmp_path / "way.png").stat().st_size > 5_000
