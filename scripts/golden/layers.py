"""Layers: forward values and gradients of `sum(y * dy)` for a random `dy`.

Tensors: `x`, each weight by its Keras name, `y`, `dy`, `dx`, `d_<weight>` for each trainable weight;
for a BatchNormalization in training also `new_moving_mean` and `new_moving_variance`.
"""

import numpy as np
from common import keras, normal, random_state, tf, uniform, values, write

# Written for each layer, defaults included, so that a reader needs no defaults of its own.
OPTIONS = {
    "Activation": ["activation"],
    "AveragePooling2D": ["pool_size", "strides", "padding"],
    "BatchNormalization": ["axis", "momentum", "epsilon", "center", "scale"],
    "Conv2D": ["filters", "kernel_size", "strides", "padding", "activation", "use_bias"],
    "Conv2DTranspose": [
        "filters",
        "kernel_size",
        "strides",
        "padding",
        "output_padding",
        "activation",
        "use_bias",
    ],
    "Dense": ["units", "activation", "use_bias"],
    "Flatten": [],
    "GlobalAveragePooling2D": [],
    "GlobalMaxPooling2D": [],
    "LSTM": [
        "units",
        "activation",
        "recurrent_activation",
        "use_bias",
        "return_sequences",
        "go_backwards",
    ],
    "MaxPooling2D": ["pool_size", "strides", "padding"],
    "Reshape": ["target_shape"],
}


def random_weight(rng, weight):
    """Weights of every sign, and no zero biases: a forgotten bias must show."""
    shape = tuple(weight.shape)
    if weight.name in ("kernel", "recurrent_kernel"):
        return normal(rng, *shape, scale=1.0 / np.sqrt(np.prod(shape[:-1])))
    if weight.name in ("gamma", "moving_variance"):
        return uniform(rng, 0.5, 2.0, *shape)
    return normal(rng, *shape, scale=0.5)


def case(name, layer, x, training=False, make_x=None):
    """Runs `layer` on inputs of shape `x` (or what `make_x(rng, *x)` gives) and writes all of it."""
    rng = random_state("layers/" + name)
    x = tf.constant((make_x or normal)(rng, *x))
    layer.build(x.shape)
    layer.set_weights([random_weight(rng, weight) for weight in layer.weights])
    tensors = {"x": x}
    for weight in layer.weights:
        tensors[weight.name] = values(weight)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=training)
        dy = normal(rng, *y.shape)
        total = tf.reduce_sum(y * dy)
    trainable = [weight.value for weight in layer.trainable_weights]
    dx, *gradients = tape.gradient(total, [x, *trainable])
    tensors.update(y=y, dy=dy, dx=dx)
    for weight, gradient in zip(layer.trainable_weights, gradients):
        tensors["d_" + weight.name] = gradient
    if training:
        tensors["new_moving_mean"] = values(layer.moving_mean)
        tensors["new_moving_variance"] = values(layer.moving_variance)
    kind = type(layer).__name__
    config = layer.get_config()
    options = {key: config[key] for key in OPTIONS[kind]}
    write("layers", name, {"layer": kind, "options": options, "training": training}, tensors)


def dense():
    from keras.layers import Dense

    case("dense_linear", Dense(3), (4, 5))
    for activation in ("relu", "tanh", "sigmoid", "softmax"):
        case(f"dense_{activation}", Dense(4, activation=activation), (5, 6))
    case("dense_no_bias", Dense(3, use_bias=False), (4, 5))
    case("dense_wide", Dense(33), (5, 70))
    case("dense_one_unit", Dense(1), (6, 3))
    case("dense_batch_one", Dense(4), (1, 5))


def conv2d():
    from keras.layers import Conv2D

    case("conv2d_valid", Conv2D(5, 3), (2, 8, 9, 1))
    case("conv2d_relu", Conv2D(16, 3, activation="relu"), (2, 7, 6, 3))
    case("conv2d_tanh", Conv2D(4, 3, activation="tanh"), (2, 6, 7, 2))
    case("conv2d_no_bias", Conv2D(4, 3, use_bias=False), (2, 6, 7, 2))
    case("conv2d_kernel1x1", Conv2D(5, 1), (2, 4, 5, 3))
    case("conv2d_kernel3x5", Conv2D(4, (3, 5)), (2, 7, 8, 2))
    case("conv2d_kernel1x3", Conv2D(4, (1, 3)), (2, 5, 7, 2))
    case("conv2d_kernel_whole_image", Conv2D(6, (5, 4)), (3, 5, 4, 2))
    case("conv2d_same", Conv2D(4, 3, padding="same"), (2, 6, 5, 2))
    case("conv2d_same_kernel2x2", Conv2D(4, 2, padding="same"), (2, 5, 6, 2))
    case("conv2d_same_kernel4x4", Conv2D(4, 4, padding="same"), (2, 7, 6, 2))
    case("conv2d_same_kernel3x5", Conv2D(4, (3, 5), padding="same"), (2, 6, 7, 2))
    case("conv2d_same_kernel1x3", Conv2D(4, (1, 3), padding="same"), (2, 4, 6, 2))
    case("conv2d_same_kernel_over_image", Conv2D(3, 5, padding="same"), (2, 3, 4, 2))
    case("conv2d_valid_stride2", Conv2D(4, 3, strides=2), (2, 9, 8, 2))
    case("conv2d_valid_stride2x1", Conv2D(4, 3, strides=(2, 1)), (2, 8, 7, 2))
    case("conv2d_same_stride2_odd", Conv2D(4, 3, strides=2, padding="same"), (2, 7, 9, 2))
    case("conv2d_same_stride2_even", Conv2D(4, 3, strides=2, padding="same"), (2, 8, 6, 2))
    case("conv2d_same_stride2x1", Conv2D(4, 3, strides=(2, 1), padding="same"), (2, 8, 7, 2))
    case("conv2d_valid_stride3_kernel2", Conv2D(4, 2, strides=3), (2, 9, 10, 2))
    case("conv2d_same_stride3_kernel2", Conv2D(4, 2, strides=3, padding="same"), (2, 8, 10, 2))
    case("conv2d_filters17", Conv2D(17, 3), (2, 6, 7, 3))
    case("conv2d_filters33", Conv2D(33, 3), (2, 5, 6, 4))
    case("conv2d_channels20", Conv2D(6, 3), (2, 6, 5, 20))


def conv2d_transpose():
    from keras.layers import Conv2DTranspose

    def transposed(name, shape, *arguments, **options):
        case("conv2d_transpose_" + name, Conv2DTranspose(*arguments, **options), shape)

    transposed("valid", (2, 5, 4, 3), 4, 3)
    transposed("relu", (2, 4, 5, 2), 5, 3, strides=2, activation="relu")
    transposed("tanh", (2, 3, 4, 2), 3, 3, activation="tanh")
    transposed("softmax", (2, 3, 4, 2), 3, 2, strides=2, activation="softmax")
    transposed("no_bias", (2, 4, 3, 2), 4, 3, use_bias=False)
    transposed("kernel1x1", (2, 4, 5, 3), 5, 1)
    transposed("kernel3x5", (2, 4, 3, 2), 4, (3, 5), strides=(1, 2))
    transposed("kernel5_stride2", (2, 3, 2, 3), 6, 5, strides=2)
    transposed("kernel5_stride2_one_filter", (2, 2, 3, 8), 1, 5, strides=2)
    transposed("kernel5_stride2_filters33", (2, 2, 2, 4), 33, 5, strides=2)
    transposed("same_kernel4_stride2", (2, 5, 4, 3), 4, 4, strides=2, padding="same")
    transposed("kernel2_stride2", (2, 4, 5, 3), 17, 2, strides=2)
    transposed("kernel2_stride3", (2, 4, 3, 3), 4, 2, strides=3)
    transposed("same_kernel1x2_stride3x2", (2, 4, 3, 3), 4, (1, 2), strides=(3, 2), padding="same")
    transposed("same", (2, 5, 4, 2), 4, 3, padding="same")
    transposed("same_kernel4", (2, 5, 4, 2), 4, 4, padding="same")
    transposed("same_stride2", (2, 5, 4, 2), 4, 3, strides=2, padding="same")
    transposed("same_stride3_kernel5x2", (2, 3, 4, 2), 3, (5, 2), strides=3, padding="same")
    transposed("same_kernel_over_image", (2, 1, 2, 2), 3, 5, strides=2, padding="same")
    transposed("valid_more", (2, 4, 3, 2), 3, 3, strides=2, output_padding=1)
    transposed("valid_more_kernel2_stride3x2", (2, 3, 4, 2), 3, 2, strides=(3, 2), output_padding=(2, 0))
    transposed("same_more", (2, 4, 3, 2), 3, 3, strides=2, padding="same", output_padding=(0, 1))
    transposed("same_more_kernel4", (2, 4, 3, 2), 3, 4, strides=3, padding="same", output_padding=(1, 2))


def with_ties(rng, *shape):
    """Whole numbers from -2 to 2 after a ReLU: many zeros, many equal maxima."""
    return np.maximum(rng.randint(-2, 3, shape), 0).astype("float32")


def below_zero(rng, *shape):
    """Only negative numbers: a border padded with zeros would win each maximum."""
    return uniform(rng, -2.0, -1.0, *shape)


def pooling():
    from keras.layers import AveragePooling2D, GlobalAveragePooling2D, GlobalMaxPooling2D, MaxPooling2D

    case("max_pooling2d", MaxPooling2D(2), (2, 6, 8, 3))
    case("max_pooling2d_odd", MaxPooling2D(2), (2, 7, 5, 3))
    case("max_pooling2d_pool3_stride2", MaxPooling2D(3, strides=2), (2, 8, 9, 3))
    case("max_pooling2d_pool3_stride1", MaxPooling2D(3, strides=1), (2, 6, 5, 3))
    case("max_pooling2d_pool2x3", MaxPooling2D((2, 3)), (2, 6, 7, 3))
    case("max_pooling2d_same", MaxPooling2D(2, padding="same"), (2, 5, 7, 3))
    case("max_pooling2d_same_pool3_stride2", MaxPooling2D(3, strides=2, padding="same"), (2, 6, 7, 2))
    case("max_pooling2d_same_below_zero", MaxPooling2D(3, strides=2, padding="same"), (2, 5, 6, 2), make_x=below_zero)
    case("max_pooling2d_ties", MaxPooling2D(2), (2, 6, 8, 3), make_x=with_ties)
    case("max_pooling2d_ties_overlap", MaxPooling2D(3, strides=2), (2, 7, 7, 2), make_x=with_ties)
    case("average_pooling2d", AveragePooling2D(2), (2, 6, 8, 3))
    case("average_pooling2d_pool3_stride2", AveragePooling2D(3, strides=2), (2, 8, 9, 3))
    case("average_pooling2d_same", AveragePooling2D(2, padding="same"), (2, 5, 7, 3))
    case("average_pooling2d_same_pool3_stride2", AveragePooling2D(3, strides=2, padding="same"), (2, 6, 7, 2))
    case("global_max_pooling2d", GlobalMaxPooling2D(), (3, 5, 4, 3))
    case("global_max_pooling2d_ties", GlobalMaxPooling2D(), (3, 3, 4, 3), make_x=with_ties)
    case("global_average_pooling2d", GlobalAveragePooling2D(), (3, 5, 4, 3))


def shapes():
    from keras.layers import Flatten, Reshape

    case("flatten", Flatten(), (2, 3, 4, 2))
    case("reshape", Reshape((4, 6)), (2, 3, 4, 2))
    case("reshape_image", Reshape((3, 2, 4)), (2, 24))


def activations():
    from keras.layers import Activation

    def large(rng, *shape):
        """Plain numbers, with +-30 and +-90 strewn in."""
        x = normal(rng, *shape)
        at = rng.permutation(x.size)[: x.size // 2]
        x.flat[at] = np.resize(np.float32([30.0, -30.0, 90.0, -90.0]), len(at))
        return x

    for name in ("linear", "relu", "tanh", "sigmoid", "softmax"):
        case(f"activation_{name}", Activation(name), (4, 7))
        case(f"activation_{name}_large", Activation(name), (6, 8), make_x=large)
    case("activation_softmax_rank2", Activation("softmax"), (2, 3, 4))
    case("activation_softmax_rank2_large", Activation("softmax"), (2, 3, 4), make_x=large)
    case("activation_relu_zeros", Activation("relu"), (3, 8), make_x=with_ties)


def lstm():
    from keras.layers import LSTM

    def recurrent(name, shape, *arguments, **options):
        case("lstm" + name, LSTM(*arguments, **options), shape)

    recurrent("", (3, 5, 4), 6)
    recurrent("_sequences", (3, 5, 4), 6, return_sequences=True)
    recurrent("_backwards", (3, 5, 4), 6, go_backwards=True)
    recurrent("_sequences_backwards", (3, 5, 4), 6, return_sequences=True, go_backwards=True)
    recurrent("_no_bias", (3, 5, 4), 6, use_bias=False)
    recurrent("_relu", (3, 5, 4), 6, activation="relu", return_sequences=True)
    recurrent("_linear", (3, 5, 4), 6, activation="linear")
    recurrent("_tanh", (3, 5, 4), 6, recurrent_activation="tanh")
    recurrent("_sigmoid", (3, 5, 4), 6, activation="sigmoid", recurrent_activation="relu")
    recurrent("_units16", (4, 6, 16), 16, return_sequences=True)
    recurrent("_units17", (5, 4, 19), 17)
    recurrent("_units33", (2, 7, 3), 33, return_sequences=True)
    recurrent("_one_of_each", (2, 1, 1), 1)
    recurrent("_batch_one", (1, 9, 5), 8, return_sequences=True)
    recurrent("_batch35", (35, 3, 2), 4)
    recurrent("_long", (2, 150, 3), 5, return_sequences=True)


def batch_normalization():
    from keras.layers import BatchNormalization

    def shifted(rng, *shape):
        """A mean and a spread of its own for each channel."""
        return normal(rng, *shape) * uniform(rng, 0.5, 3.0, shape[-1]) + normal(rng, shape[-1])

    for name, shape in (("features", (8, 5)), ("image", (3, 4, 5, 3))):
        for training in (False, True):
            mode = "training" if training else "inference"
            case(f"batch_normalization_{name}_{mode}", BatchNormalization(), shape, training, shifted)
            layer = BatchNormalization(momentum=0.8, epsilon=1e-5)
            case(f"batch_normalization_{name}_{mode}_options", layer, shape, training, shifted)


if __name__ == "__main__":
    dense()
    conv2d()
    conv2d_transpose()
    pooling()
    shapes()
    activations()
    lstm()
    batch_normalization()
