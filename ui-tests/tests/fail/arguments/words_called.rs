use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Flatten(),
        Dense(64, activation = relu(), kernel_initializer = HeNormal()),
        Dense(64, activation = keras.activations.tanh),
        Dense(10),
        Activation("softmax"),
    }
}

fn main() {}
