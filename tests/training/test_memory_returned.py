"""Memory that training keeps, given back: measured by the system, in a process of its own."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

HOLES = """
import numpy as np
from convscope.training import memory

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20

def fragment(megabytes):
    kept, blocks = [], []
    for _ in range(8):  # a small block behind each large one: the heap cannot shrink at its end
        blocks.append(np.ones(megabytes << 20, np.uint8))
        kept.append(bytes(2048))
    return kept

assert memory.keep_freed_memory()
start = resident()
kept = fragment(40)
held = resident() - start
memory.{how}()
returned = resident() - start
kept += fragment(60)
print(held > 250, returned < 100, resident() - start < 100)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="memory is kept with glibc only")
@pytest.mark.parametrize(
    ("how", "said"), [("return_freed_memory", "True True False"), ("stop_keeping_freed_memory", "True True True")]
)
def test_freed_memory_is_returned_once_or_from_then_on(how: str, said: str) -> None:
    done = subprocess.run([sys.executable, "-c", HOLES.format(how=how)], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == said


def test_memory_is_kept_again_where_it_was() -> None:
    asked = (
        "from convscope.training import memory as m\n"
        "with m.large_blocks_returned(): first = m._Kept.now\n"
        "kept = m.keep_freed_memory()\n"
        "with m.large_blocks_returned(): within = m._Kept.now\n"
        "print(first, within, m._Kept.now == kept)"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "True"]
