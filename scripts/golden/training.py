"""Small networks trained some steps with `train_on_batch`, without shuffling.

Step `i` takes the rows `i * batch_size` to `(i + 1) * batch_size` of `x` and `y`, counted round the end
(the number of rows is a multiple of the batch size).

Tensors: `x`, `y`, `initial.<layer>.<weight>`, `final.<layer>.<weight>`, `losses` (one per step),
`<metric>` (one per step); `x_test`, `y_test`, `predict` (inference mode, after training), `evaluate`
(the loss, then the metrics, over the test rows in batches of `batch_size`, the last one smaller).
"""

import numpy as np
from common import keras, normal, one_hot, random_state, uniform, values, write
from keras import layers


def weights(model, prefix):
    return {
        f"{prefix}.{layer.name}.{weight.name}": values(weight)
        for layer in model.layers
        for weight in layer.weights
    }


def case(name, network, optimizer, loss, metrics, data, test, batch_size, steps):
    """`network` and `optimizer` are plain lists, written to the file as they stand."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    x, y = data
    assert len(x) % batch_size == 0
    model = keras.Sequential([keras.Input(x.shape[1:])])
    for kind, options in network:
        model.add(getattr(layers, kind)(**options))
    kind, options = optimizer
    model.compile(optimizer=getattr(keras.optimizers, kind)(**options), loss=loss, metrics=metrics,
                  jit_compile=False)
    tensors = {"x": x, "y": y, "x_test": test[0], "y_test": test[1], **weights(model, "initial")}
    logs = []
    for step in range(steps):
        rows = slice(step * batch_size % len(x), step * batch_size % len(x) + batch_size)
        logs.append(model.train_on_batch(x[rows], y[rows], return_dict=True))
    tensors["losses"] = np.float32([log["loss"] for log in logs])
    for metric in metrics:
        tensors[metric] = np.float32([log[metric] for log in logs])
    tensors.update(weights(model, "final"))
    tensors["predict"] = model.predict(test[0], batch_size=batch_size, verbose=0)
    evaluated = model.evaluate(*test, batch_size=batch_size, verbose=0, return_dict=True)
    tensors["evaluate"] = np.float32([evaluated[key] for key in ["loss", *metrics]])
    says = {
        "network": [{"layer": layer.name, "type": kind, "options": options}
                    for layer, (kind, options) in zip(model.layers, network)],
        "optimizer": {"type": optimizer[0], "options": optimizer[1]},
        "loss": loss,
        "metrics": metrics,
        "batch_size": batch_size,
        "steps": steps,
    }
    write("training", name, says, tensors)


def xor():
    rng = random_state("training/xor")

    def data(n):
        x = uniform(rng, -0.5, 0.5, n, 3)
        return x, (x < 0).sum(axis=1).astype("int64") % 2

    network = [
        ("Dense", {"units": 4, "activation": "tanh"}),
        ("Dense", {"units": 3, "activation": "tanh"}),
        ("Dense", {"units": 2, "activation": "softmax"}),
    ]
    case("xor", network, ("Adam", {"learning_rate": 0.01}), "sparse_categorical_crossentropy", ["accuracy"],
         data(320), data(20), batch_size=32, steps=50)


def mlp_bn():
    rng = random_state("training/mlp_bn")

    def data(n):
        x = normal(rng, n, 6) * np.float32([1, 2, 3, 1, 2, 3]) + 1
        return x, one_hot(np.argmax(x[:, :3], axis=1), 3)

    network = [
        ("Dense", {"units": 8, "activation": "relu"}),
        ("BatchNormalization", {}),
        ("Dense", {"units": 3, "activation": "softmax"}),
    ]
    case("mlp_bn", network, ("SGD", {"learning_rate": 0.05, "momentum": 0.9}), "categorical_crossentropy",
         ["accuracy"], data(80), data(5), batch_size=16, steps=30)


def bars(rng, n):
    """Images 10 x 10 with noise: a bright row, a bright column, or neither."""
    x = uniform(rng, 0.0, 0.3, n, 10, 10, 1)
    y = rng.randint(0, 3, n).astype("int64")
    for image, label in zip(x, y):
        at = rng.randint(1, 9)
        if label == 0:
            image[at] += 0.7
        elif label == 1:
            image[:, at] += 0.7
    return x, y


def convnet():
    rng = random_state("training/convnet")
    network = [
        ("Conv2D", {"filters": 4, "kernel_size": 3, "activation": "relu"}),
        ("Conv2D", {"filters": 5, "kernel_size": 3, "activation": "relu", "padding": "same"}),
        ("MaxPooling2D", {"pool_size": 2}),
        ("Flatten", {}),
        ("Dense", {"units": 6, "activation": "relu"}),
        ("Dense", {"units": 3, "activation": "softmax"}),
    ]
    case("convnet", network, ("Adam", {"learning_rate": 0.002}), "sparse_categorical_crossentropy", ["accuracy"],
         bars(rng, 48), bars(rng, 20), batch_size=8, steps=30)


def convnet_bn():
    rng = random_state("training/convnet_bn")
    network = [
        ("Conv2D", {"filters": 4, "kernel_size": 3, "activation": "relu"}),
        ("BatchNormalization", {}),
        ("AveragePooling2D", {"pool_size": 2}),
        # No bias before a BatchNormalization: its gradient is zero but for rounding, and Adam turns
        # rounding into whole steps.
        ("Conv2D", {"filters": 6, "kernel_size": 3, "padding": "same", "use_bias": False}),
        ("BatchNormalization", {}),
        ("Activation", {"activation": "relu"}),
        ("GlobalMaxPooling2D", {}),
        ("Dense", {"units": 3, "activation": "softmax"}),
    ]
    case("convnet_bn", network, ("Adam", {"learning_rate": 0.01}), "sparse_categorical_crossentropy", ["accuracy"],
         bars(rng, 40), bars(rng, 12), batch_size=8, steps=20)


def regression():
    rng = random_state("training/regression")

    def data(n):
        x = uniform(rng, -1.0, 1.0, n, 2)
        return x, np.sin(2 * x[:, :1]) + x[:, 1:] ** 2

    network = [("Dense", {"units": 5, "activation": "tanh"}), ("Dense", {"units": 1})]
    case("regression", network, ("RMSprop", {"learning_rate": 0.005}), "mse", ["mae"],
         data(96), data(20), batch_size=16, steps=30)


def binary():
    rng = random_state("training/binary")

    def data(n):
        x = normal(rng, n, 2)
        return x, ((x**2).sum(axis=1, keepdims=True) < 1.4).astype("float32")

    network = [
        ("Dense", {"units": 6, "activation": "relu"}),
        ("Dense", {"units": 1, "activation": "sigmoid"}),
    ]
    case("binary", network, ("Adam", {"learning_rate": 0.01}), "binary_crossentropy", ["accuracy"],
         data(96), data(20), batch_size=16, steps=30)


def sequences():
    rng = random_state("training/sequences")

    def data(n):
        """In which third of the sequence is the first feature largest?"""
        x = normal(rng, n, 9, 4)
        return x, (np.argmax(x[:, :, 0], axis=1) // 3).astype("int64")

    network = [
        ("LSTM", {"units": 7, "return_sequences": True, "go_backwards": True}),
        ("LSTM", {"units": 5}),
        ("Dense", {"units": 3, "activation": "softmax"}),
    ]
    case("sequences", network, ("Adam", {"learning_rate": 0.01}), "sparse_categorical_crossentropy", ["accuracy"],
         data(80), data(20), batch_size=16, steps=30)


if __name__ == "__main__":
    xor()
    mlp_bn()
    convnet()
    convnet_bn()
    regression()
    binary()
    sequences()
