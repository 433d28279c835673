"""convscope's own training, started as the command line starts it, with the settings it chooses for itself.

Only what makes it the same job is set: the network, the batch, and no augmentation, since the others do none.
"""

from __future__ import annotations

from peers_clock import EPOCHS, Clock, run

import convscope
from convscope.training.threads import wait_briefly


def timed(file: str, batch: int, clock: Clock) -> None:
    wait_briefly()  # as the command line does, before torch is imported
    observer = convscope.Observer(on_step=lambda epoch, step, steps, figures: clock.tick(epoch, step))
    convscope.train(
        file, "lenet", batch_size=batch, epochs=EPOCHS, augment="none", cache="cache", observer=observer
    )  # fmt: skip


if __name__ == "__main__":
    run(timed, convscope.__version__)
