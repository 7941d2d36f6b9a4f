use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        layers.Flatten(),
        tf.keras.layers.Dense(10, activation = tf.nn.softmax),
    }
}

fn main() {}
