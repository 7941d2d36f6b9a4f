//! What the compiler says that training takes is what a plan allocates.

use crate::layers::{Layer, LayerSizes};
use crate::network::Network;
use crate::op::{Backward, Demand, Forward, Memory, Op};
use crate::plan::{Mode, Plan, Store};
use crate::prelude::*;
use crate::shape::{Outcome, Shape};
use crate::tape::{NoParameters, TapeTensor};
use dfdx::shapes::{Const, Dtype};
use dfdx::tensor_ops::Device as DfdxDevice;

network! {
    /// The lectures' network for faces: a deferred layer behind convolutions.
    Faces: (48, 48, 3) => 5 {
        Conv2D(24, 3, activation = relu),
        Conv2D(24, 3, activation = relu),
        MaxPooling2D(2),
        Conv2D(48, 3, activation = relu),
        Conv2D(48, 3, activation = relu),
        MaxPooling2D(2),
        Flatten(),
        Dense(250, activation = relu),
        Dense(250, activation = relu),
        Dense(5, activation = softmax),
    }
}

network! {
    /// Layers that need the whole batch, and an activation that the loss computes.
    Normalized: (28, 28, 1) => 10 {
        Conv2D(16, 3, use_bias = false),
        BatchNormalization(),
        Activation(relu),
        AveragePooling2D(),
        Conv2D(32, 3, strides = 2, padding = same, activation = relu),
        BatchNormalization(scale = false, center = false),
        Activation(linear),
        Dropout(0.25),
        Flatten(),
        Dense(10),
        Activation(softmax),
    }
}

network! {
    /// A layer of the whole batch, one that is deferred, and small ones.
    Large: 600 => 3 {
        Dense(2600, activation = tanh),
        Dense(60, activation = relu),
        Dense(3),
    }
}

network! {
    /// Too little to wake threads for.
    Small: 3 => 1 {
        Dense(4, activation = relu),
        Dense(1, activation = sigmoid),
    }
}

network! {
    /// Layers that like many rows at a time.
    Recurrent: (20, 5) => 3 {
        LSTM(40, return_sequences = true),
        LSTM(17, use_bias = false),
        Dense(3),
    }
}

network! {
    /// Nothing is trained.
    Untrained: (9, 9, 2) => 2 {
        MaxPooling2D((3, 3), strides = 2, padding = same),
        GlobalMaxPooling2D(),
    }
}

network! {
    /// From a vector to an image, with few filters and with many.
    Decoder: 24 => (27, 27, 1) {
        Dense(392, activation = relu),
        Reshape((7, 7, 8)),
        Conv2DTranspose(24, 3, strides = 2, padding = same, activation = relu),
        Conv2DTranspose(3, 4, strides = 2, padding = same, output_padding = 1),
        Conv2DTranspose(1, (1, 1), activation = sigmoid),
    }
}

network! {
    /// Layers for several values, one of them too large for slots, merges that stretch, and several outputs.
    Shared: (left: (12, 12, 1), right: (10, 10, 1), age: 1) => (race: 5, glad: 1) {
        let tower = Conv2D(8, 3, activation = relu);
        let l = Flatten()(tower(left));
        let r = Flatten()(tower(right));
        let wide = Dense(400, activation = relu);
        let z = wide(Dense(500)(Concatenate()(l, r, age)));
        let y = wide(Dense(500)(BatchNormalization()(z)));
        let z = Maximum()(z, y, age) * age + z - y;
        let likeness = Dot(1, normalize = true)(z, y);
        let race = Dense(5, activation = softmax)(z);
        let glad = Activation(sigmoid)(Dense(1)(Concatenate()(likeness, Average()(z, y))));
    }
}

network! {
    /// An output that goes on, and one that is two.
    Probe: (x: 8) => (hidden: 8, again: 8, digit: 2) {
        let hidden = Activation(tanh)(Dense(8)(x));
        let digit = Dense(2)(hidden);
        let again = Activation(relu)(hidden + x);
    }
}

network! {
    Block: (x: (6, 6, 4)) => (y: (6, 6, 4)) {
        let y = Conv2D(4, 3, padding = same)(x);
        let y = Activation(relu)(BatchNormalization()(y) + x);
    }
}

network! {
    Two: (x: (6, 6, 4)) => (y: (6, 6, 4)) {
        let block = Block();
        let y = block(block(x)) + Block()(x);
    }
}

network! {
    /// Networks in networks, some of them for several values.
    Nested: (a: (6, 6, 4), b: (6, 6, 4)) => (same: (6, 6, 4)) {
        let two = Two();
        let same = Two()(two(a) - two(b));
    }
}

network! {
    /// More than the smallest room.
    Deep: (6, 6, 4) => 3 {
        20 * Block(),
        Flatten(),
        Dense(3),
    }
}

network! {
    Sized<const SIDE: usize = 8>: (SIDE, SIDE, 3) => 4 {
        Conv2D(4, 3),
        Flatten(),
        Dense(4),
    }
}

fn half(x: TapeTensor<(usize, Const<4>)>) -> TapeTensor<(usize, Const<4>)> {
    x * 0.5
}

network! {
    OwnFunction: 4 => 2 {
        Dense(4),
        Lambda(half),
        Dense(2),
    }
}

fn check<N: Network>() {
    let graph = N::graph();
    let store = Store::new(&graph, 0);
    for batch in (0..=300).chain([1024]) {
        let mut plan = Plan::new(&graph, &store, Mode::Train, batch);
        let bytes = plan.bytes() + size_of_val(store.values());
        let said = N::BLUEPRINT.train_bytes(batch);
        assert_eq!(said, Some(bytes), "{}: batches of {batch}", N::NAME);
    }
}

#[test]
fn the_compiler_says_what_a_plan_allocates() {
    check::<Faces>();
    check::<Normalized>();
    check::<Large>();
    check::<Small>();
    check::<Recurrent>();
    check::<Untrained>();
    check::<Decoder>();
    check::<Shared>();
    check::<Probe>();
    check::<Block>();
    check::<Nested>();
    check::<Deep>();
    check::<Sized>();
    check::<Sized<31>>();
    check::<OwnFunction>();
    check::<Keeping>();
}

/// By hand: no row of a batch of one waits for another, and nothing is large enough for threads.
#[test]
fn a_small_network_takes_what_it_takes_by_hand() {
    // Cache lines of 16 numbers: a kernel and a bias of each layer, and their gradients.
    let parameters = 4 * 16;
    // Transposed kernels: 12 numbers, and 4 from the next line on.
    let packed = 16 + 4;
    // The answer and its gradient while there still are the input, the hidden values and the prediction.
    let values = 5 * 16;
    let bytes = 4 * (parameters + parameters + packed + values);
    assert_eq!(Small::train_bytes(1), Some(bytes));
}

#[test]
fn the_compiler_itself_says_it() {
    const FACES: Option<usize> = Faces::train_bytes(128);
    const NESTED: Option<usize> = Nested::train_bytes(32);
    const DEEP: Option<usize> = Deep::train_bytes(32);
    assert_eq!(FACES, Faces::train_bytes(128));
    assert_eq!(NESTED, Nested::train_bytes(32));
    assert_eq!(DEEP, Deep::train_bytes(32));
    assert!(FACES > Some(4 * Faces::PARAMS));
}

#[test]
fn what_nobody_can_say_is_not_said() {
    assert_eq!(Small::train_bytes(usize::MAX), None);
    assert_eq!(Faces::train_bytes(usize::MAX / 200_000), None);
    assert_eq!(Silent::train_bytes(1), None);
    assert_eq!(Around::train_bytes(1), None);
}

/// A layer of a user's own: the same numbers again, of which it keeps a copy.
#[derive(Clone, Copy, Debug)]
struct Keep {
    /// Whether it says what it asks for.
    says: bool,
}

impl Keep {
    const fn new(says: bool) -> Self {
        Keep { says }
    }

    const fn output(&self, inputs: &[Shape]) -> Outcome {
        let outcome = Outcome::ok(inputs[0]);
        if self.says {
            outcome.with_demand(KeepOp(inputs[0].size()).demand())
        } else {
            outcome
        }
    }
}

impl Layer for Keep {
    const KIND: &'static str = "Keep";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, inputs: &[Shape], _: Shape) -> Box<dyn Op> {
        Box::new(KeepOp(inputs[0].size()))
    }
}

#[derive(Debug)]
struct KeepOp(usize);

impl KeepOp {
    const fn demand(&self) -> Demand {
        let memory = Memory {
            packed: 3,
            cache: self.0,
            shared: 20,
            scratch: 2 * self.0,
            sums: 5,
        };
        Demand {
            memory,
            ..Demand::new(self.0)
        }
    }
}

impl Op for KeepOp {
    fn memory(&self, _: bool) -> Memory {
        self.demand().memory
    }

    fn macs(&self) -> usize {
        self.demand().macs
    }

    fn forward(&self, call: Forward<'_>) {
        call.output.copy_from_slice(call.inputs[0]);
        call.cache.copy_from_slice(call.inputs[0]);
    }

    fn backward(&self, call: Backward<'_>) {
        if let Some(d_input) = &mut call.d_inputs[0] {
            d_input.copy_from_slice(call.d_output);
        }
    }
}

network! {
    Keeping: 40 => 2 {
        Dense(70),
        Keep(true),
        Dense(30),
        Keep(true),
        Dense(2),
    }
}

network! {
    Silent: 4 => 4 { Dense(4), Keep(false) }
}

network! {
    Around: 4 => 2 { Silent(), Dense(2) }
}
