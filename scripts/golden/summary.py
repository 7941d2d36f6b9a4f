"""The text of `model.summary()` as a terminal of 80 columns shows it."""

import os

os.environ["COLUMNS"] = "80"

import numpy as np
from common import GOLDEN, keras
from keras import Input, Sequential, layers


def case(name, network, prepare=None):
    keras.backend.clear_session()
    model = Sequential(network())
    if prepare:
        prepare(model)
    text = []
    model.summary(print_fn=text.append)
    path = GOLDEN / "summary" / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(text), encoding="utf-8")


def mlp():
    return [
        Input((3,)),
        layers.Dense(4, activation="relu"),
        layers.Dense(4, activation="relu"),
        layers.Dense(1, activation="sigmoid"),
    ]


def letters(normalized=False):
    network = [Input((28, 28, 1))]
    for block, filters in enumerate((16, 32)):
        network.append(layers.Conv2D(filters, 3, activation="relu"))
        if normalized:
            network.append(layers.BatchNormalization())
        network.append(layers.Conv2D(filters, 3, activation="relu"))
        network.append(layers.MaxPooling2D())
    network += [
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ]
    return network


def train(model):
    """One step, so that the optimizer has its variables and a line of its own."""
    model.compile("adam", "binary_crossentropy", jit_compile=False)
    model.train_on_batch(np.zeros((2, 3), "float32"), np.zeros((2, 1), "float32"))


if __name__ == "__main__":
    case("mlp", mlp)
    case("mlp_trained", mlp, train)
    case("letters", letters)
    case("letters_batch_normalization", lambda: letters(normalized=True))
