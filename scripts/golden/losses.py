"""Losses: the batch mean that a Keras loss object gives, and its gradient.

Tensors: `y_true`, `y_pred`, `loss` (scalar), `d_y_pred`.

The `*_head` cases go through a model that ends in a softmax or a sigmoid. Keras then forgets the
probabilities and computes from the logits. Tensors: `logits`, `y_true`, `y_pred`, `loss` and `d_logits`
(through the model), `loss_probabilities` and `d_logits_probabilities` (the loss got a plain copy of the
probabilities, and clips them at 1e-7).
"""

import numpy as np
from common import keras, normal, one_hot, random_state, tf, uniform, write

NAMES = {
    "binary_crossentropy": keras.losses.BinaryCrossentropy,
    "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
    "sparse_categorical_crossentropy": keras.losses.SparseCategoricalCrossentropy,
    "mean_squared_error": keras.losses.MeanSquaredError,
    "mean_absolute_error": keras.losses.MeanAbsoluteError,
}


def case(name, loss, y_true, y_pred, **options):
    function = NAMES[loss](**options)
    y_pred = tf.constant(y_pred)
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        value = function(y_true, y_pred)
    tensors = {"y_true": y_true, "y_pred": y_pred, "loss": value, "d_y_pred": tape.gradient(value, y_pred)}
    write("losses", name, {"loss": loss, "options": options}, tensors)


def head(name, loss, activation, y_true, logits):
    function = NAMES[loss]()
    model = keras.Sequential([keras.Input(logits.shape[1:]), keras.layers.Activation(activation)])
    model.compile(loss=function, jit_compile=False)
    logits = tf.constant(logits)

    @tf.function  # as fit runs it
    def through_model():
        with tf.GradientTape() as tape:
            tape.watch(logits)
            y_pred = model(logits, training=True)
            value = function(y_true, y_pred)
        return y_pred, value, tape.gradient(value, logits)

    y_pred, value, gradient = through_model()
    evaluated = model.evaluate(logits, y_true, batch_size=len(y_true), verbose=0)
    assert np.allclose(evaluated, value, rtol=1e-6), f"{name}: evaluate gives {evaluated}, fit {value}"

    with tf.GradientTape() as tape:
        tape.watch(logits)
        probabilities = tf.nn.softmax(logits) if activation == "softmax" else tf.nn.sigmoid(logits)
        from_probabilities = function(y_true, probabilities)
    tensors = {
        "logits": logits,
        "y_true": y_true,
        "y_pred": y_pred,
        "loss": value,
        "d_logits": gradient,
        "loss_probabilities": from_probabilities,
        "d_logits_probabilities": tape.gradient(from_probabilities, logits),
    }
    write("losses", name, {"loss": loss, "options": {}, "head": activation}, tensors)


def probabilities(rng, n, classes):
    p = rng.uniform(0.05, 1.0, (n, classes))
    return (p / p.sum(axis=1, keepdims=True)).astype("float32")


def labels(rng, classes, *shape):
    return rng.randint(0, classes, shape).astype("int64")


def with_extremes(logits):
    """+50 and -50 in turn on every second sample, on the first outputs."""
    logits = logits.copy()
    logits[::2, 0] = np.resize(np.float32([50.0, -50.0]), len(logits[::2]))
    if logits.shape[1] > 1:
        logits[::2, 1] = -logits[::2, 0]
    return logits


def binary():
    loss = "binary_crossentropy"
    rng = random_state("losses/" + loss)
    for name, shape in (("", (7, 1)), ("_outputs3", (5, 3))):
        y_true = labels(rng, 2, *shape).astype("float32")
        case(loss + name, loss, y_true, uniform(rng, 0.05, 0.95, *shape), from_logits=False)
        case(f"{loss}_from_logits{name}", loss, y_true, normal(rng, *shape, scale=2.0), from_logits=True)
    y_true = labels(rng, 2, 10, 1).astype("float32")
    extreme = with_extremes(normal(rng, 10, 1))
    case(f"{loss}_from_logits_extreme", loss, y_true, extreme, from_logits=True)
    head("binary_crossentropy_head", loss, "sigmoid", y_true, normal(rng, 10, 1, scale=2.0))
    head("binary_crossentropy_head_extreme", loss, "sigmoid", np.float32([[1, 1, 0, 0, 1, 1, 0, 0]]).T,
         np.float32([[50, -50, 50, -50, 15, -15, 15, -15]]).T)
    y_pred = np.float32([[0.0], [1.0], [0.0], [1.0], [1e-9], [0.5], [3e-8], [0.75]])
    case(f"{loss}_clipped", loss, np.float32([[0], [0], [1], [1], [1], [1], [0], [0]]), y_pred, from_logits=False)


def categorical():
    loss = "categorical_crossentropy"
    sparse = "sparse_categorical_crossentropy"
    rng = random_state("losses/" + loss)
    y_true = labels(rng, 4, 6)
    y_pred = probabilities(rng, 6, 4)
    logits = normal(rng, 6, 4, scale=2.0)
    # Rows that do not add up to 1: the two losses treat them in different ways.
    unnormalized = uniform(rng, 0.1, 0.9, 6, 4)
    clipped = np.float32([[1, 0, 0], [1, 0, 0], [0.5, 0.5, 0], [1e-9, 1, 0], [0.2, 0.3, 0.5]])
    clipped_true = np.int64([0, 1, 2, 0, 1])
    extreme = with_extremes(normal(rng, 6, 4))
    for kind, encode in ((loss, one_hot), (sparse, lambda index, _: index)):
        case(kind, kind, encode(y_true, 4), y_pred, from_logits=False)
        case(f"{kind}_from_logits", kind, encode(y_true, 4), logits, from_logits=True)
        case(f"{kind}_from_logits_extreme", kind, encode(y_true, 4), extreme, from_logits=True)
        case(f"{kind}_unnormalized", kind, encode(y_true, 4), unnormalized, from_logits=False)
        case(f"{kind}_clipped", kind, encode(clipped_true, 3), clipped, from_logits=False)
        head(f"{kind}_head", kind, "softmax", encode(y_true, 4), logits)
        head(f"{kind}_head_extreme", kind, "softmax", encode(y_true, 4), extreme)
    case(f"{loss}_soft_labels", loss, probabilities(rng, 6, 4), y_pred, from_logits=False)
    case(f"{loss}_soft_labels_from_logits", loss, probabilities(rng, 6, 4), logits, from_logits=True)
    case(f"{sparse}_column", sparse, y_true[:, None], y_pred, from_logits=False)


def distances():
    for loss in ("mean_squared_error", "mean_absolute_error"):
        rng = random_state("losses/" + loss)
        for name, shape in (("", (6, 3)), ("_one_output", (7, 1))):
            y_true = normal(rng, *shape)
            y_pred = normal(rng, *shape)
            y_pred[2] = y_true[2]  # no difference at all: the slope of |0|
            case(loss + name, loss, y_true, y_pred)
        case(f"{loss}_flat_y_true", loss, normal(rng, 7), normal(rng, 7, 1))


if __name__ == "__main__":
    binary()
    categorical()
    distances()
