"""The document's network under Keras on torch: ``Sequential``, ``compile``, ``fit`` on arrays in memory.

Keras has no one-cycle; its cosine with a warm-up moves the rate the same way.
"""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "torch"  # read when Keras is imported
import keras
import numpy as np
from keras import layers
from peers_clock import EPOCHS, RATE, Clock, run


def network() -> keras.Sequential:
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, padding="same", activation="selu"), layers.MaxPooling2D(),
            layers.Conv2D(32, 5, activation="selu"), layers.MaxPooling2D(),
            layers.Flatten(), layers.Dense(256, activation="selu"), layers.Dropout(0.5), layers.Dense(10),
        ]
    )  # fmt: skip


class Ticks(keras.callbacks.Callback):
    def __init__(self, clock: Clock):
        super().__init__()
        self.clock, self.epoch = clock, 0

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        self.clock.tick(self.epoch, batch + 1)


def timed(file: str, batch: int, clock: Clock) -> None:
    data = np.load(file)
    x = data["x_train"][..., None].astype(np.float32) / 255
    steps = EPOCHS * len(x) // batch
    rate = keras.optimizers.schedules.CosineDecay(
        RATE / 25, steps - steps * 3 // 10, warmup_target=RATE, warmup_steps=steps * 3 // 10
    )
    model = network()
    model.compile(
        keras.optimizers.AdamW(rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(x, data["y_train"], batch_size=batch, epochs=EPOCHS, callbacks=[Ticks(clock)])


if __name__ == "__main__":
    run(timed, keras.__version__)
