"""The text of `model.summary()` as a terminal of 80 columns shows it, and the order of its rows for graphs made by chance."""

import json
import os

os.environ["COLUMNS"] = "80"

import numpy as np
from common import GOLDEN, keras, random_state
from keras import Input, Model, Sequential, layers

FOLDER = GOLDEN / "summary"


def case(name, network, prepare=None):
    keras.backend.clear_session()
    model = network()
    if prepare:
        prepare(model)
    text = []
    model.summary(print_fn=text.append)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.txt").write_text("".join(text), encoding="utf-8")


def mlp():
    network = [
        Input((3,)),
        layers.Dense(4, activation="relu"),
        layers.Dense(4, activation="relu"),
        layers.Dense(1, activation="sigmoid"),
    ]
    return Sequential(network, name="Mlp")


def letters(name, normalized=False):
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
    return Sequential(network, name=name)


def train(model):
    """One step, so that the optimizer has its variables and a line of its own."""
    model.compile("adam", "binary_crossentropy", jit_compile=False)
    model.train_on_batch(np.zeros((2, 3), "float32"), np.zeros((2, 1), "float32"))


def faces():
    """Several inputs and outputs, and a layer for two images of different sizes."""
    left, right = Input((12, 12, 1), name="left"), Input((10, 10, 1), name="right")
    age = Input((1,), name="age")
    tower = layers.Conv2D(8, 3, activation="relu", name="tower")
    l, r = tower(left), tower(right)
    l, r = layers.Flatten()(l), layers.Flatten()(r)
    z = layers.Concatenate()([l, r, age])
    z = layers.BatchNormalization()(z)
    z = layers.Dense(16, activation="relu")(z)
    race = layers.Dense(5, activation="softmax")(z)
    hidden = layers.Dense(4, activation="tanh", name="hidden")(layers.Dropout(0.5)(z))
    glad = layers.Dense(1, activation="sigmoid")(hidden)
    return Model([left, right, age], [race, glad], name="Faces")


def residual():
    """Branches that come together again."""
    image = Input((8, 8, 3), name="image")
    x = layers.Conv2D(4, 3, padding="same")(image)
    y = layers.Conv2D(4, 3, padding="same")(layers.BatchNormalization()(x))
    x = layers.Add()([x, y])
    x = layers.MaxPooling2D()(x)
    weights = layers.Dense(4, activation="sigmoid")(layers.GlobalMaxPooling2D()(x))
    x = layers.Multiply()([x, layers.Reshape((1, 1, 4))(weights)])
    digit = layers.Dense(10)(layers.Flatten()(x))
    return Model(image, digit, name="Residual")


def weather():
    """Sequences."""
    network = [
        Input((64, 32)),
        layers.LSTM(64, return_sequences=True),
        layers.LSTM(64),
        layers.Dense(10, activation="softmax"),
    ]
    return Sequential(network, name="Weather")


class Encoder(Sequential):
    """A network of the user's, whose name the table shows as the type."""

    def __init__(self, name=None):
        super().__init__([Input((16,)), layers.Dense(8), layers.BatchNormalization()], name=name)


class Block(Sequential):
    """As many numbers as it is given."""

    def __init__(self, name=None):
        super().__init__([Input((8,)), layers.Dense(8)], name=name)


class Compared(Model):
    """A graph of the user's with two inputs."""


def compared():
    left, right = Input((8,)), Input((8,))
    return Compared([left, right], layers.Dense(4)(layers.Subtract()([left, right])), name="compared")


def siamese():
    """Networks as layers, one of them for two values."""
    a, b = Input((16,), name="a"), Input((16,), name="b")
    encoder = Encoder(name="encoder")
    z = compared()([encoder(a), encoder(b)])
    same = layers.Dense(2, activation="softmax", name="answer")(z)
    return Model([a, b], same, name="Siamese")


def deep():
    """Networks in a list."""
    network = [Input((16,)), Encoder(), Block(), Block(name="last"), layers.Dense(2, name="answer")]
    return Sequential(network, name="Deep")


def probe():
    """One layer after another, but declared as a graph and with two outputs."""
    image = Input((8,), name="image")
    hidden = layers.Dense(4)(image)
    digit = layers.Dense(2)(hidden)
    return Model(image, [hidden, digit], name="Probe")


def line():
    """One layer after another, declared as a graph."""
    image = Input((8,), name="image")
    x = layers.Dense(4)(image)
    digit = layers.Dense(2)(x)
    return Model(image, digit, name="Line")


def wide():
    """Many connections, and names that fit on no line."""
    a, b = Input((3, 3, 2), name="a"), Input((3, 3, 2), name="b")
    big = Input((3, 3, 2), name="größenänderung_der_bilder")
    long = layers.Conv2D(2, 1, name="a_name_that_is_much_too_long")
    z = layers.Concatenate()([a, long(a), b, a, long(b), big, a, b, long(big)])
    z = layers.Conv2DTranspose(1234, 3, name="conv2d_transpose")(z)
    z = layers.BatchNormalization()(z)
    z = layers.GlobalMaxPooling2D()(z)
    return Model([a, b, big], layers.Dense(100_000)(z), name="Wide")


class Mix(layers.Layer):
    """Takes any number of values."""

    def call(self, inputs):
        return inputs[0]


INPUTS, LAYERS, CALLS = 3, 7, 12


def random_graph(rng):
    """Calls of layers, some of which are shared. What no other layer takes is an output."""
    while True:
        # The first calls of the layers in their order, the others anywhere behind them.
        called = list(range(LAYERS))
        for _ in range(CALLS - LAYERS):
            place = int(rng.randint(1, len(called) + 1))
            called.insert(place, int(rng.choice(called[:place])))
        taken = []
        for call in range(CALLS):
            count = int(rng.choice([1, 1, 1, 2, 3]))
            newest = INPUTS + call
            oldest = 0 if rng.rand() < 0.3 else max(0, newest - 4)
            taken.append([int(v) for v in rng.randint(oldest, newest, count)])
        used = {value for values in taken for value in values}
        outputs = [v for v in range(INPUTS, INPUTS + CALLS) if v not in used]
        if used.issuperset(range(INPUTS)):
            rng.shuffle(outputs)
            return {"calls": [list(c) for c in zip(called, taken)], "outputs": outputs}


def order(graph):
    """The rows of Keras' table: inputs are 0, 1, 2, then come the layers."""
    keras.backend.clear_session()
    values = [Input((4,), name=f"row_{i}") for i in range(INPUTS)]
    mixes = [Mix(name=f"row_{INPUTS + i}") for i in range(LAYERS)]
    for layer, taken in graph["calls"]:
        values.append(mixes[layer]([values[v] for v in taken]))
    model = Model(values[:INPUTS], [values[v] for v in graph["outputs"]])
    return [int(layer.name.removeprefix("row_")) for layer in model.layers]


def orders(count):
    rng = random_state("summary orders")
    graphs = [random_graph(rng) for _ in range(count)]
    lines = [json.dumps({**graph, "rows": order(graph)}) for graph in graphs]
    (FOLDER / "orders.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    case("mlp", mlp)
    case("mlp_trained", mlp, train)
    case("letters", lambda: letters("Letters"))
    case("letters_batch_normalization", lambda: letters("LettersBatchNormalization", normalized=True))
    case("faces", faces)
    case("residual", residual)
    case("weather", weather)
    case("siamese", siamese)
    case("deep", deep)
    case("probe", probe)
    case("line", line)
    case("wide", wide)
    orders(60)
