"""The built-in set of steps: what it holds, and that only the order of its values tells the classes."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import RandomForestClassifier

import convscope as cs
from convscope.data.synthetic import steps


def test_the_set():
    data = cs.load("steps")
    assert data.classes == ("rise", "fall", "pulse") and data.test is not None and len(data.test) == 400
    assert data.train.input.spec.shape == (25, 1) and data.preprocessing.input.space == (25,)
    assert cs.load("steps").fingerprint == data.fingerprint != cs.load("steps", seed=1).fingerprint


def test_a_class_is_how_often_it_steps_up_and_down():
    signals, labels = steps.make(3)
    high = signals[:, :, 0] > 0.5
    assert abs(np.where(high, 1, 0) - signals[..., 0]).std() < 0.11
    edges = np.diff(high.astype(int), axis=1)
    ups, downs = (edges == 1).sum(1), (edges == -1).sum(1)
    np.testing.assert_array_equal(labels, np.select([ups > downs, downs > ups], [0, 1], 2))


def test_without_their_order_the_values_tell_little():
    signals, labels = steps.make(0)
    values = np.sort(signals[..., 0], axis=1)
    forest = RandomForestClassifier(100, random_state=0).fit(values[:1_600], labels[:1_600])
    assert forest.score(values[1_600:], labels[1_600:]) < 0.5
