"""Layers of several inputs: forward values and gradients of `sum(y * dy)` for a random `dy`.

Tensors: `x_0`, `x_1`, .., `y`, `dy`, `dx_0`, `dx_1`, ..
"""

from common import normal, random_state, tf, write
from keras.layers import Add, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Subtract

# Written for each layer, defaults included, so that a reader needs no defaults of its own.
OPTIONS = {"Concatenate": ["axis"], "Dot": ["axes", "normalize"]}


def few(rng, *shape):
    """Whole numbers from -1 to 1: many are equal."""
    return rng.randint(-1, 2, shape).astype("float32")


def case(name, layer, *shapes, rows=3, make_x=normal):
    """Runs `layer` on a batch of samples of each of these shapes and writes all of it.

    Among inputs of different ranks no axis may have the size `rows`: on TensorFlow Keras takes one number for each sample,
    which it has made (rows, 1, 1), for a bias of that axis, and adds it there.
    """
    one_rank = len({len(shape) for shape in shapes}) == 1
    assert one_rank or isinstance(layer, Dot) or all(rows not in shape for shape in shapes), name
    rng = random_state("merging/" + name)
    xs = [tf.constant(make_x(rng, rows, *shape)) for shape in shapes]
    with tf.GradientTape() as tape:
        tape.watch(xs)
        y = layer(xs)
        dy = normal(rng, *y.shape)
        total = tf.reduce_sum(y * dy)
    gradients = tape.gradient(total, xs)
    tensors = {f"x_{i}": x for i, x in enumerate(xs)}
    tensors.update(y=y, dy=dy)
    tensors.update({f"dx_{i}": gradient for i, gradient in enumerate(gradients)})
    kind = type(layer).__name__
    config = layer.get_config()
    options = {key: config[key] for key in OPTIONS.get(kind, [])}
    write("merging", name, {"layer": kind, "options": options}, tensors)


def elementwise():
    for layer in (Add, Subtract, Multiply, Average, Maximum, Minimum):
        kind = layer.__name__.lower()
        case(f"{kind}_vectors", layer(), (7,), (7,), rows=5)
        case(f"{kind}_images", layer(), (3, 4, 5), (3, 4, 5))
        case(f"{kind}_scalar", layer(), (5, 4, 2), (1, 1, 1))
        case(f"{kind}_channels", layer(), (5, 4, 6), (6,))
        case(f"{kind}_pixels", layer(), (5, 4, 1), (5, 4, 6))
        case(f"{kind}_both", layer(), (4, 1, 3), (1, 5, 3))
        case(f"{kind}_ranks", layer(), (2, 3), (2, 5, 1, 3), rows=4)
        case(f"{kind}_batch_one", layer(), (4, 1), (4, 3), rows=1)
        if layer is not Subtract:
            case(f"{kind}_of_three", layer(), (4, 5), (4, 5), (4, 5))
            case(f"{kind}_of_four", layer(), (5, 1), (4,), (1,), (5, 4))
    for layer in (Maximum, Minimum):
        kind = layer.__name__.lower()
        case(f"{kind}_ties", layer(), (6, 5), (6, 5), (6, 5), make_x=few)
        case(f"{kind}_ties_stretched", layer(), (6, 1), (6, 5), (5,), make_x=few)


def concatenate():
    case("concatenate_vectors", Concatenate(), (4,), (1,), (6,))
    case("concatenate_channels", Concatenate(), (3, 4, 2), (3, 4, 5))
    case("concatenate_height", Concatenate(axis=1), (3, 4, 2), (1, 4, 2), (2, 4, 2))
    case("concatenate_width", Concatenate(axis=2), (3, 4, 2), (3, 1, 2))
    case("concatenate_from_the_end", Concatenate(axis=-3), (3, 4, 2), (1, 4, 2))


def dot():
    case("dot_vectors", Dot(axes=1), (6,), (6,), rows=5)
    case("dot_vectors_normalized", Dot(axes=1, normalize=True), (6,), (6,), rows=5)
    case("dot_matrices", Dot(axes=(1, 2)), (3, 5), (4, 3))
    case("dot_matrices_last", Dot(axes=-1), (5, 7), (4, 7))
    case("dot_matrices_normalized", Dot(axes=(1, 2), normalize=True), (6, 5), (4, 6))
    case("dot_vector_and_matrix", Dot(axes=(1, 1)), (6,), (6, 3))
    case("dot_matrix_and_vector", Dot(axes=(2, 1)), (3, 6), (6,))
    case("dot_image_and_matrix", Dot(axes=(2, 1)), (2, 5, 3), (5, 4))
    case("dot_image_and_matrix_normalized", Dot(axes=(2, 1), normalize=True), (2, 5, 3), (5, 4))
    case("dot_wide", Dot(axes=2), (33, 40), (17, 40), rows=2)


if __name__ == "__main__":
    elementwise()
    concatenate()
    dot()
