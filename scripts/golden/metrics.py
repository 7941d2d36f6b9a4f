"""Metrics over three unequal batches.

Tensors: `y_true_0`, `y_pred_0` to `_2`, `results` (after each batch) and `result` (after the last).
"""

import numpy as np
from common import keras, normal, one_hot, random_state, uniform, write
from keras.src.trainers.compile_utils import get_metric  # what `compile(metrics=["accuracy"])` calls


def case(name, metric, batches):
    resolved = get_metric(metric, *batches[0])
    tensors, results = {}, []
    for index, (y_true, y_pred) in enumerate(batches):
        resolved.update_state(y_true, y_pred)
        results.append(np.float32(resolved.result()))
        tensors[f"y_true_{index}"] = y_true
        tensors[f"y_pred_{index}"] = y_pred
    tensors["results"] = np.stack(results)
    tensors["result"] = results[-1]
    function = getattr(resolved, "_fn", None)
    says = {"metric": metric, "resolved": type(resolved).__name__, "function": function.__name__}
    write("metrics", name, says, tensors)


def main():
    sizes = (8, 5, 3)
    rng = random_state("metrics")

    def binary(n):
        y_true = rng.randint(0, 2, (n, 1)).astype("float32")
        y_pred = 0.3 * y_true + uniform(rng, 0.0, 0.7, n, 1)
        y_pred[0] = 0.5  # not above the threshold, so class 0
        return y_true, y_pred.astype("float32")

    def sparse(n, classes=4):
        y_pred = uniform(rng, 0.0, 1.0, n, classes)
        y_pred[0, 1:3] = 2.0  # two equal maxima: the first one counts
        return rng.randint(0, classes, n).astype("int64"), y_pred

    case("accuracy_binary", "accuracy", [binary(n) for n in sizes])
    batches = [sparse(n) for n in sizes]
    batches[0][0][0] = 1
    case("accuracy_sparse", "accuracy", batches)
    case("accuracy_sparse_column", "accuracy", [(y[:, None], p) for y, p in batches])
    case("accuracy_categorical", "accuracy", [(one_hot(y, 4), p) for y, p in batches])
    for metric in ("mae", "mse"):
        case(metric, metric, [(normal(rng, n, 3), normal(rng, n, 3)) for n in sizes])
    case("mae_one_output", "mae", [(normal(rng, n, 1), normal(rng, n, 1)) for n in sizes])


if __name__ == "__main__":
    main()
