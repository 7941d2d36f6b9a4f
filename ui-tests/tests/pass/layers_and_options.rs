//! Every layer with every option, by place and by name, as Keras is called.

use addax::prelude::*;

network! {
    /// By place, as short as it gets.
    pub Short: (28, 28, 1) => 10 {
        Conv2D(4, 3),
        Conv2D(4, (3, 3)),
        Conv2D(4, 3, 2),
        Conv2D(4, 3, (1, 1), same),
        MaxPooling2D(),
        MaxPool2D(2, 1),
        AveragePooling2D((2, 2), (1, 1), same),
        AvgPool2D(2),
        Conv2DTranspose(3, 2),
        Convolution2DTranspose(3, (2, 2), 2, same),
        Conv2DTranspose(2, 1, (2, 2), valid, 1),
        BatchNormalization(),
        Flatten(),
        Dense(12),
        Dense(12, tanh),
        Dense(12, linear, false),
        Reshape((2, 6)),
        Reshape((3, 4, 1)),
        GlobalMaxPooling2D(),
        Reshape(1),
        Activation(relu),
        Dropout(0.5),
        Dense(10),
    }
}

network! {
    /// Everything by name.
    pub Long: (28, 28, 1) => 10 {
        Conv2D(
            filters = 4,
            kernel_size = 3,
            strides = 1,
            padding = valid,
            activation = relu,
            use_bias = false,
            kernel_initializer = he_uniform,
            bias_initializer = zeros,
        ),
        Conv2D(4, kernel_size = (3, 5), strides = (2, 2), padding = same, activation = sigmoid),
        MaxPooling2D(pool_size = 2, strides = 1, padding = same),
        MaxPool2D(pool_size = (2, 2), strides = (1, 1), padding = valid),
        AveragePooling2D(pool_size = 2, strides = 2, padding = valid),
        AvgPool2D(pool_size = (2, 2)),
        Conv2DTranspose(
            filters = 4,
            kernel_size = 3,
            strides = 2,
            padding = same,
            output_padding = 1,
            activation = relu,
            use_bias = true,
            kernel_initializer = he_uniform,
            bias_initializer = zeros,
        ),
        Conv2DTranspose(2, kernel_size = (3, 5), strides = (2, 1), output_padding = (1, 0)),
        BatchNormalization(momentum = 0.9, epsilon = 1e-5, center = true, scale = false),
        GlobalMaxPool2D(),
        Dense(
            units = 6,
            activation = softmax,
            use_bias = true,
            kernel_initializer = glorot_normal,
            bias_initializer = ones,
        ),
        Reshape(target_shape = (3, 2)),
        Flatten(),
        Activation(activation = tanh),
        Dropout(rate = 0.25),
        Dense(10, kernel_initializer = lecun_normal),
    }
}

network! {
    /// Sequences, by place and by name.
    pub Weather: (50, 8) => 3 {
        LSTM(32, relu, sigmoid, true, return_sequences = true),
        LSTM(
            units = 16,
            activation = tanh,
            recurrent_activation = sigmoid,
            use_bias = true,
            kernel_initializer = glorot_uniform,
            recurrent_initializer = orthogonal,
            bias_initializer = zeros,
            unit_forget_bias = false,
            return_sequences = true,
            go_backwards = true,
        ),
        LSTM(8),
        Reshape((4, 2)),
        LSTM(3, use_bias = false),
    }
}

network! {
    /// The decoder of an autoencoder: each layer more than doubles the image.
    pub Decoder: (2, 2, 128) => (157, 157, 1) {
        Conv2DTranspose(64, 5, strides = 2, activation = relu),
        Conv2DTranspose(32, 5, strides = 2, activation = relu),
        Conv2DTranspose(16, 5, strides = 2, activation = relu),
        Conv2DTranspose(8, 5, strides = 2, activation = relu),
        Conv2DTranspose(1, 5, strides = 2, activation = sigmoid),
    }
}

fn main() {
    let device = Cpu::seed_from_u64(1);
    assert!(Short::build(&device).is_ok());
    assert!(Long::build(&device).is_ok());
    assert!(Decoder::build(&device).is_ok());
    assert!(Weather::build(&device).is_ok());
}
