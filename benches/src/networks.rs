//! The networks that are measured.

use addax::prelude::*;

network! {
    /// 39 parameters.
    pub Xor: 3 => 2 {
        Dense(4, activation = tanh),
        Dense(3, activation = tanh),
        Dense(2, activation = softmax),
    }
}

network! {
    /// One hidden layer.
    pub Mlp: 784 => 10 {
        Dense(128, activation = tanh),
        Dense(10, activation = softmax),
    }
}

network! {
    /// The convnet of the letters lesson.
    pub Convnet: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), activation = relu),
        Conv2D(16, (3, 3), activation = relu),
        MaxPooling2D(),
        Conv2D(32, (3, 3), activation = relu),
        Conv2D(32, (3, 3), activation = relu),
        MaxPooling2D(),
        Flatten(),
        Dense(64, activation = relu),
        Dropout(0.5),
        Dense(10, activation = softmax),
    }
}

network! {
    /// The fully convolutional one, with batch normalization.
    pub ConvnetBn: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), activation = relu),
        BatchNormalization(),
        Conv2D(16, (3, 3), activation = relu),
        MaxPooling2D(),
        Conv2D(32, (3, 3), activation = relu),
        BatchNormalization(),
        Conv2D(32, (3, 3), activation = relu),
        MaxPooling2D(),
        Conv2D(128, (3, 3), activation = relu),
        GlobalMaxPooling2D(),
        Dropout(0.5),
        Dense(128, activation = relu),
        Dropout(0.5),
        Dense(10, activation = softmax),
    }
}

network! {
    /// Five classes of faces.
    pub Faces: (48, 48, 3) => 5 {
        Conv2D(24, (3, 3), activation = relu),
        Conv2D(24, (3, 3), activation = relu),
        MaxPooling2D(),
        Conv2D(48, (3, 3), activation = relu),
        Conv2D(48, (3, 3), activation = relu),
        MaxPooling2D(),
        Flatten(),
        Dense(250, activation = relu),
        Dense(250, activation = relu),
        Dense(250, activation = relu),
        Dense(5, activation = softmax),
    }
}

network! {
    /// A recurrent layer over 64 steps.
    pub Recurrent: (64, 32) => 10 {
        LSTM(64),
        Dense(10, activation = softmax),
    }
}

network! {
    /// Large products and nothing else.
    pub WideMlp: 1024 => 1000 {
        Dense(2048, activation = relu),
        Dense(2048, activation = relu),
        Dense(2048, activation = relu),
        Dense(2048, activation = relu),
        Dense(1000, activation = softmax),
    }
}
