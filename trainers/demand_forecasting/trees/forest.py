"""Decision trees as matrices: which leaf a row falls into, without a branch.

A leaf is a path of answers. All questions of a tree are answered at once, and a product with the matrix of paths counts
for each leaf how many of its answers were given; the row's leaf is the one for which all were (Nakandala et al. 2020, A
Tensor Compiler for Unified Machine Learning Prediction Serving, OSDI, 4.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

_AT_ONCE = 10
"""Trees in a step: bounds memory to so many leaves a row."""


@dataclass(frozen=True)
class Forest:
    """T trees of at most S questions and L leaves; a row answers yes where low < x[column] <= high.

    Attributes:
        column: int32 [T, S].
        low: float32 [T, S].
        high: float32 [T, S].
        path: float32 [T, L, S]: 1 where the path to the leaf answers yes, -1 where it answers no, 0 where not asked.
        yes: float32 [T, L], answers of yes on the path; -1 of a leaf that a smaller tree does not have.
        value: float32 [T, L], what the leaf adds.
        trees: of the T those that were grown; the others add nothing.
    """

    column: NDArray[np.int32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    path: NDArray[np.float32]
    yes: NDArray[np.float32]
    value: NDArray[np.float32]
    trees: int

    @classmethod
    def of(cls, trees: Sequence[Mapping[str, Any]]) -> Forest:
        """Of the trees of LightGBM's dump_model, ``tree_structure`` of each."""
        parts = [_walk(tree) for tree in trees]
        questions = max(1, *(len(asked) for asked, _ in parts))
        leaves = max(len(found) for _, found in parts)
        # Whole steps: trees that add nothing fill the last one up.
        count = -(-len(parts) // _AT_ONCE) * _AT_ONCE
        column = np.zeros((count, questions), np.int32)
        low, high = (np.full((count, questions), -np.inf, np.float32) for _ in range(2))
        path = np.zeros((count, leaves, questions), np.float32)
        yes, value = np.full((count, leaves), -1, np.float32), np.zeros((count, leaves), np.float32)
        for t, (asked, found) in enumerate(parts):
            for s, (index, least, most) in enumerate(asked):
                column[t, s], low[t, s], high[t, s] = index, least, most
            for leaf, (answers, number) in enumerate(found):
                for s, answer in answers.items():
                    path[t, leaf, s] = 1.0 if answer else -1.0
                yes[t, leaf], value[t, leaf] = sum(answers.values()), number
        return cls(column, low, high, path, yes, value, len(parts))

    def __call__(self, rows: tf.Tensor) -> tf.Tensor:
        """Sum of the leaves that each row falls into: [M] of float32 [M, C]."""
        columns = tf.transpose(rows)
        steps = len(self.column) // _AT_ONCE
        parts = [
            tf.constant(array.reshape(steps, _AT_ONCE, *array.shape[1:]))
            for array in (self.column, self.low, self.high, self.path, self.yes, self.value)
        ]

        def add(total: tf.Tensor, step: Sequence[tf.Tensor]) -> tf.Tensor:
            column, low, high, path, yes, value = step
            asked = tf.gather(columns, column)
            answers = tf.cast((asked > low[:, :, None]) & (asked <= high[:, :, None]), tf.float32)
            reached = tf.cast(tf.equal(tf.matmul(path, answers), yes[:, :, None]), tf.float32)
            return total + tf.tensordot(value, reached, 2)

        return tf.foldl(add, parts, initializer=tf.zeros(tf.shape(rows)[:1]))


Question = tuple[int, np.float32, np.float32]


def _walk(tree: Mapping[str, Any]) -> tuple[list[Question], list[tuple[dict[int, bool], float]]]:
    """Questions of a tree, and its leaves: answers by question, and value."""
    questions: list[Question] = []
    leaves: list[tuple[dict[int, bool], float]] = []
    waiting: list[tuple[Mapping[str, Any], dict[int, bool]]] = [(tree, {})]
    while waiting:
        node, answers = waiting.pop()
        if "split_feature" not in node:
            leaves.append((answers, float(node["leaf_value"])))
            continue
        number = len(questions)
        questions.append(_question(node))
        waiting.append((node["left_child"], {**answers, number: True}))
        waiting.append((node["right_child"], {**answers, number: False}))
    return questions, leaves


def _question(node: Mapping[str, Any]) -> Question:
    column = int(node["split_feature"])
    if node["decision_type"] == "==":
        category = int(node["threshold"])
        return column, np.float32(category - 0.5), np.float32(category + 0.5)
    threshold = float(node["threshold"])
    high = np.float32(threshold)
    # A row holds float32: what is above the threshold must stay above it.
    if float(high) > threshold:
        high = np.nextafter(high, np.float32(-np.inf))
    return column, np.float32(-np.inf), high
