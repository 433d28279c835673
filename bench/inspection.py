"""Looking at ResNet-152 at 3×224×224: recording, the whole inspection, one exact field; beside torchinfo's summary.

Run: python bench/inspection.py [ROUNDS]. The peer comes from ``pip install torchinfo`` (for this script only); without
it its column is left out. Both look at the same network, built without weights for ours, with them for torchinfo, which
runs it. Memory is what one inspection adds to the process after the imports, in a process of its own.
"""

from __future__ import annotations

import importlib.util
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable

from record import alternate, ratio, record, seconds

SHAPE = (3, 224, 224)
NAME = "resnet152"


def inspected(model: object) -> object:
    """Return an inspection of which every part was computed."""
    import convscope as cs

    found = cs.inspect(model, SHAPE)
    found.to_dict()
    return found


def network(*, weights: bool) -> object:
    """Build the network; without weights on the meta device."""
    import torch

    import convscope as cs

    with torch.device("cpu" if weights else "meta"):
        return cs.models.create(NAME, classes=1000, size=SHAPE[1:])


def contenders() -> dict[str, Callable[[], float]]:
    """Return the runs to be timed."""
    import convscope as cs

    bare, full = network(weights=False), network(weights=True)
    found = inspected(bare)
    last = next(layer.name for layer in reversed(found.layers) if layer.path.startswith("layer4"))  # pyright: ignore
    runs = {
        "recording": seconds(lambda: cs.record(bare, SHAPE)),
        "inspection": seconds(lambda: inspected(bare)),
        "inspection of a network with weights": seconds(lambda: inspected(full)),
        "exact field of one unit": seconds(lambda: found.field(last, (0, 3, 3))),  # pyright: ignore
    }
    if importlib.util.find_spec("torchinfo"):
        import torchinfo

        runs["torchinfo"] = seconds(lambda: torchinfo.summary(full, (1, *SHAPE), verbose=0))
    return runs


def first_use() -> dict[str, float]:
    """Return the seconds of a first inspection in a fresh process, and the megabytes that it adds."""
    told = subprocess.run([sys.executable, __file__, "once"], capture_output=True, text=True, check=True)
    took, added = map(float, told.stdout.split())
    return {"seconds": took, "added_mb": added}


def once() -> None:
    """Inspect once in this process and print the seconds and megabytes."""
    model = network(weights=False)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    took = seconds(lambda: inspected(model))()
    print(took, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def main() -> None:
    """Time all of it in turn and write ``results/inspect.csv``."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    figures = alternate(contenders(), rounds)
    fresh = first_use()
    rows: list[dict[str, object]] = [
        {
            "what": name,
            "trials": rounds,
            "median_s": statistics.median(times),
            "best_s": min(times),
            "of_torchinfo": ratio(times, figures["torchinfo"]) if "torchinfo" in figures else "",
            "added_mb": "",
        }
        for name, times in figures.items()
    ]
    rows.append(
        {
            "what": "inspection, first in a fresh process",
            "trials": 1,
            "median_s": fresh["seconds"],
            "best_s": fresh["seconds"],
            "of_torchinfo": "",
            "added_mb": fresh["added_mb"],
        }
    )
    record("inspection", rows)


if __name__ == "__main__":
    once() if sys.argv[1:] == ["once"] else main()
