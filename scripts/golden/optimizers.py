"""Optimizers: one variable, twenty gradients, the variable after each of them.

Tensors: `w0` (7, 5), `g` (20, 7, 5), `w` (20, 7, 5).
"""

import numpy as np
from common import keras, normal, random_state, tf, values, write


def case(name, kind, **options):
    """`options` are all that count for the rule, defaults included."""
    rng = random_state("optimizers")  # the same for all: the files differ by the rule alone
    optimizer = getattr(keras.optimizers, kind)(**options)
    w0 = normal(rng, 7, 5)
    g = normal(rng, 20, 7, 5)
    g[:, 0, :] *= 1e-4  # small gradients, where epsilon counts
    g[:, 1, :] *= 100.0
    g[:, 2, :] = 0.0
    variable = keras.Variable(w0)
    steps = []
    for gradient in g:
        optimizer.apply([tf.constant(gradient)], [variable])
        steps.append(values(variable))
    write("optimizers", name, {"optimizer": kind, "options": options}, {"w0": w0, "g": g, "w": np.stack(steps)})


def main():
    case("sgd", "SGD", learning_rate=0.01, momentum=0.0, nesterov=False)
    case("sgd_momentum", "SGD", learning_rate=0.01, momentum=0.9, nesterov=False)
    case("sgd_nesterov", "SGD", learning_rate=0.01, momentum=0.9, nesterov=True)
    case("rmsprop", "RMSprop", learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False)
    case("rmsprop_options", "RMSprop", learning_rate=0.001, rho=0.8, momentum=0.5, epsilon=1e-7, centered=False)
    case("adam", "Adam", learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7)
    case("adam_options", "Adam", learning_rate=0.01, beta_1=0.8, beta_2=0.99, epsilon=1e-5)


if __name__ == "__main__":
    main()
