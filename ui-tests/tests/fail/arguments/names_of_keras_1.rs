use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Convolution2D(nb_filter = 16, kernel_size = 3, border_mode = same, subsample = (1, 1)),
        Dropout(p = 0.25),
        Flatten(),
        Dense(output_dim = 10, init = he_uniform, bias = true, activation = softmax),
    }
}

fn main() {}
