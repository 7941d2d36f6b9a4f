"""Networks of Keras' functional API trained some steps with `train_on_batch`, without shuffling: several inputs and
outputs, loss weights, values that are used twice, layers and networks that are called twice.

Step `i` takes the rows `i * batch_size` to `(i + 1) * batch_size`, counted round the end (the number of rows is a
multiple of the batch size).

Tensors: `x.<input>`, `y.<output>`, `initial.<layer>.<weight>`, `final.<layer>.<weight>` (a layer of an inner network is
`<network>.<layer>`), and for each name of Keras' logs (`loss`, `race_loss`, `race_accuracy`, ...) `step.<name>` (one per
step) and `evaluate.<name>` (over all rows, after training); `predict.<output>`.
"""

import numpy as np
from common import keras, normal, one_hot, random_state, uniform, values, write
from keras import layers


class Recorder:
    """Builds a model and writes down how."""

    def __init__(self):
        self.layers, self.calls, self.values, self.nested = [], [], {}, {}

    def input(self, name, shape):
        self.values[name] = keras.Input(shape, name=name)
        return name

    def layer(self, name, kind, **options):
        layer = getattr(layers, kind)(name=name, **options)
        self.layers.append({"layer": name, "type": kind, "options": options})
        self.nested[name] = layer
        return name

    def network(self, name, input_shape, inner):
        """A list of layers as one layer."""
        model = keras.Sequential([keras.Input(input_shape)], name=name)
        for layer, kind, options in inner:
            model.add(getattr(layers, kind)(name=layer, **options))
        self.layers.append({
            "layer": name,
            "type": "Network",
            "input": list(input_shape),
            "layers": [{"layer": layer, "type": kind, "options": options} for layer, kind, options in inner],
        })
        self.nested[name] = model
        return name

    def call(self, layer, *inputs, output=None):
        output = output or f"value_{len(self.calls)}"
        given = [self.values[name] for name in inputs]
        self.values[output] = self.nested[layer](given if len(given) > 1 else given[0])
        self.calls.append({"layer": layer, "inputs": list(inputs), "output": output})
        return output

    def once(self, kind, *inputs, name=None, output=None, **options):
        name = name or f"{kind.lower()}_{len(self.layers)}"
        return self.call(self.layer(name, kind, **options), *inputs, output=output)


def weights(model, prefix):
    tensors = {}
    for layer in model.layers:
        inner = layer.layers if isinstance(layer, keras.Sequential) else [layer]
        path = f"{layer.name}." if isinstance(layer, keras.Sequential) else ""
        for part in inner:
            for weight in part.weights:
                tensors[f"{prefix}.{path}{part.name}.{weight.name}"] = values(weight)
    return tensors


def case(name, build, optimizer, goals, x, y, batch_size, steps):
    """`build(recorder)` makes the network; `goals` says of each output its loss, weight and metrics."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    recorder = Recorder()
    build(recorder)
    inputs = {port: recorder.values[port] for port in x}
    # In Keras an output goes by the name of its layer: those that are named here are layers of that name.
    outputs = [recorder.values[port] for port in goals]
    model = keras.Model(inputs, dict(zip(goals, outputs)))
    kind, options = optimizer
    model.compile(
        optimizer=getattr(keras.optimizers, kind)(**options),
        loss={port: goal["loss"] for port, goal in goals.items()},
        loss_weights={port: goal["weight"] for port, goal in goals.items()},
        metrics={port: goal["metrics"] for port, goal in goals.items()},
        jit_compile=False,
    )
    tensors = {f"x.{port}": value for port, value in x.items()}
    tensors.update({f"y.{port}": value for port, value in y.items()})
    tensors.update(weights(model, "initial"))
    rows_in_all = len(next(iter(x.values())))
    assert rows_in_all % batch_size == 0
    logs = []
    for step in range(steps):
        rows = slice(step * batch_size % rows_in_all, step * batch_size % rows_in_all + batch_size)
        part = lambda data: {port: value[rows] for port, value in data.items()}
        model.reset_metrics()
        logs.append(model.train_on_batch(part(x), part(y), return_dict=True))
    for key in logs[0]:
        tensors[f"step.{key}"] = np.float32([log[key] for log in logs])
    tensors.update(weights(model, "final"))
    answers = model.predict(x, batch_size=batch_size, verbose=0)
    tensors.update({f"predict.{port}": answer for port, answer in answers.items()})
    evaluated = model.evaluate(x, y, batch_size=batch_size, verbose=0, return_dict=True)
    tensors.update({f"evaluate.{key}": np.float32([value]) for key, value in evaluated.items()})
    says = {
        "layers": recorder.layers,
        "calls": recorder.calls,
        "inputs": list(x),
        "outputs": [{"name": port, **goal} for port, goal in goals.items()],
        "optimizer": {"type": kind, "options": options},
        "batch_size": batch_size,
        "steps": steps,
    }
    write("graphs", name, says, tensors)


def faces():
    """Two inputs, two outputs with weights, a layer that is called twice, a value that is used three times."""
    rng = random_state("graphs/faces")

    def build(g):
        image, numbers = g.input("image", (8, 8, 2)), g.input("numbers", (3,))
        x = g.once("Conv2D", image, name="conv2d", filters=4, kernel_size=3, activation="relu", use_bias=False)
        x = g.once("MaxPooling2D", x, pool_size=2)
        x = g.once("Flatten", x)
        x = g.once("Dense", x, name="dense", units=3, activation="tanh")
        tower = g.layer("tower", "Dense", units=5, activation="tanh")
        a, b = g.call(tower, x), g.call(tower, numbers)
        z = g.once("Concatenate", a, b, x)
        z = g.once("BatchNormalization", z, name="batch_normalization")
        g.once("Dense", z, name="race", output="race", units=3, activation="softmax")
        g.once("Dense", b, name="glad", output="glad", units=1, activation="sigmoid")

    n = 40
    image, numbers = uniform(rng, -1.0, 1.0, n, 8, 8, 2), normal(rng, n, 3)
    race = np.argmax(image.mean(axis=(1, 2)) @ normal(rng, 2, 3) + 0.3 * numbers, axis=1).astype("int64")
    glad = (numbers.sum(axis=1, keepdims=True) > 0).astype("float32")
    goals = {
        "race": {"loss": "sparse_categorical_crossentropy", "weight": 1.0, "metrics": ["accuracy"]},
        "glad": {"loss": "binary_crossentropy", "weight": 0.5, "metrics": ["accuracy"]},
    }
    case("faces", build, ("SGD", {"learning_rate": 0.05, "momentum": 0.8}), goals,
         {"image": image, "numbers": numbers}, {"race": race, "glad": glad}, batch_size=8, steps=30)


def siamese():
    """A network as a layer, called twice."""
    rng = random_state("graphs/siamese")

    def build(g):
        left, right = g.input("left", (6,)), g.input("right", (6,))
        tower = g.network("tower", (6,), [
            ("dense", "Dense", {"units": 7, "activation": "relu"}),
            ("dense_1", "Dense", {"units": 4, "activation": "tanh"}),
        ])
        a, b = g.call(tower, left), g.call(tower, right)
        x = g.once("Subtract", a, b)
        x = g.once("Multiply", x, x)
        g.once("Dense", x, name="distance", output="distance", units=1)

    left, right = normal(rng, 48, 6), normal(rng, 48, 6)
    distance = ((left - right) ** 2).mean(axis=1, keepdims=True).astype("float32")
    goals = {"distance": {"loss": "mse", "weight": 1.0, "metrics": ["mae"]}}
    case("siamese", build, ("Adam", {"learning_rate": 0.01}), goals,
         {"left": left, "right": right}, {"distance": distance}, batch_size=12, steps=40)


def residual():
    """Branches that come together again, elementwise and with broadcasting."""
    rng = random_state("graphs/residual")

    def build(g):
        image, gain = g.input("image", (9, 7, 3)), g.input("gain", (3,))
        x = g.once("Conv2D", image, name="conv2d", filters=3, kernel_size=3, padding="same", activation="tanh")
        y = g.once("Conv2D", x, name="conv2d_1", filters=3, kernel_size=3, padding="same", activation="tanh")
        z = g.once("Add", x, y, image)
        w = g.once("Maximum", z, y)
        v = g.once("Average", w, g.once("Minimum", z, x))
        gain = g.once("Dense", gain, name="dense", units=3, activation="sigmoid")
        gain = g.once("Reshape", gain, target_shape=(1, 1, 3))
        v = g.once("Multiply", v, gain)
        up = g.once("Conv2DTranspose", v, name="conv2d_transpose", filters=2, kernel_size=3, strides=2,
                    activation="relu")
        up = g.once("GlobalMaxPooling2D", up)
        g.once("Dense", up, name="classes", output="classes", units=4, activation="softmax")

    image, gain = uniform(rng, -1.0, 1.0, 32, 9, 7, 3), normal(rng, 32, 3)
    classes = one_hot(np.argmax(np.c_[image.mean(axis=(1, 2)) * 4, gain[:, :1]], axis=1), 4)
    goals = {"classes": {"loss": "categorical_crossentropy", "weight": 2.0, "metrics": ["accuracy"]}}
    case("residual", build, ("RMSprop", {"learning_rate": 0.003}), goals,
         {"image": image, "gain": gain}, {"classes": classes}, batch_size=8, steps=30)


if __name__ == "__main__":
    faces()
    siamese()
    residual()
