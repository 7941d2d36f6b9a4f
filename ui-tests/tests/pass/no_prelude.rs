//! The expansion names everything from its root.

#![no_implicit_prelude]

::addax::network! {
    /// Nothing is in scope here.
    pub Bare: (4, 4, 1) => 3 {
        Conv2D(2, 3, activation = relu),
        MaxPooling2D(strides = 1),
        Flatten(),
        Dropout(rate = 0.5),
        hidden: Dense(units = 5),
        Dense(3, activation = softmax),
    }
}

fn main() {
    let device = ::addax::prelude::Cpu::seed_from_u64(1);
    ::std::assert!(Bare::build(&device).is_ok());
    let tiny = ::addax::network!(2 => 2 { Dense(2) });
    ::std::assert!(::addax::Model::new(tiny, &device).is_ok());
}
