//! What the compiler knows of graphs: a shared layer has its parameters once and its operations at each call.

use addax::prelude::*;

network! {
    /// Two images go through the same tower.
    Twins: (left: (16, 12, 1), right: (16, 12, 1), age: 3) => (same: 1), budget(params <= 76, macs < 3_372) {
        let tower = Conv2D(4, (3, 5), strides = 2, activation = relu);
        let l = GlobalMaxPooling2D()(tower(left));
        let r = GlobalMaxPooling2D()(tower(right));
        let z = Concatenate()([l, r, age]);
        let same = Dense(1, activation = sigmoid)(z);
    }
}

const _: () = {
    let kernel = 3 * 5 * 4;
    assert!(Twins::PARAMS == kernel + 4 + 11 + 1);
    // The tower gives 7x4 pixels for each of the images.
    assert!(Twins::MACS == 2 * 7 * 4 * kernel + 11);
    let tower = 7 * 4 * 4;
    assert!(Twins::ACTIVATION_BYTES == 4 * (2 * 16 * 12 + 3 + 2 * (tower + 4) + 11 + 1));
};

#[test]
fn a_layer_that_is_called_twice_is_one_layer() {
    let names: Vec<&str> = Twins::LAYERS.iter().map(|layer| layer.name).collect();
    let expected = [
        "tower",
        "global_max_pooling2d",
        "global_max_pooling2d_1",
        "concatenate",
        "dense",
    ];
    assert_eq!(names, expected);
    assert_eq!(Twins::LAYERS[0].macs, 2 * 7 * 4 * 60);
    assert_eq!(Twins::LAYERS[0].receptive_field, Some((3, 5)));
    assert_eq!(Twins::LAYERS[4].receptive_field, Some((16, 12)));
    // There are two images.
    assert_eq!(Twins::MIN_INPUT, None);
    let model = Twins::build(&Cpu::default()).unwrap();
    assert_eq!(model.count_params(), Twins::PARAMS);
    assert_eq!(model.summary().to_string(), Twins::SUMMARY);
}

network! {
    /// A block with a shortcut, and weights for the channels that stretch over the image.
    Residual: (image: (16, 12, 2)) => (digit: 5) {
        let x = Conv2D(4, 3)(image);
        let y = Conv2D(4, 3, padding = same)(x);
        let x = MaxPooling2D((2, 3))(x + y);
        let weights = Reshape((1, 1, 4))(Dense(4)(GlobalMaxPooling2D()(x)));
        let x = Conv2D(1, (2, 1))(x * weights);
        let digit = Dense(5)(Flatten()(x));
    }
}

#[test]
fn windows_are_followed_through_branches() {
    let field = |name: &str| {
        let mut layers = Residual::LAYERS.iter();
        layers
            .find(|layer| layer.name == name)
            .unwrap()
            .receptive_field
    };
    assert_eq!(field("conv2d_1"), Some((5, 5)));
    assert_eq!(field("add"), Some((5, 5)));
    assert_eq!(field("max_pooling2d"), Some((6, 7)));
    assert_eq!(field("multiply"), Some((16, 12)));
    // Back: 2x1 places of 2x3 windows, and the first kernel around them.
    assert_eq!(Residual::MIN_INPUT, Some((6, 5)));
    let model = Residual::build(&Cpu::default()).unwrap();
    assert_eq!(model.summary().to_string(), Residual::SUMMARY);
}

network! {
    /// `Residual` with one value taken from elsewhere.
    Rewired: (image: (16, 12, 2)) => (digit: 5) {
        let x = Conv2D(4, 3)(image);
        let y = Conv2D(4, 3, padding = same)(x);
        let x = MaxPooling2D((2, 3))(y + y);
        let weights = Reshape((1, 1, 4))(Dense(4)(GlobalMaxPooling2D()(x)));
        let x = Conv2D(1, (2, 1))(x * weights);
        let digit = Dense(5)(Flatten()(x));
    }
}

#[test]
fn weights_of_another_wiring_are_refused() {
    assert_ne!(Residual::FINGERPRINT, Rewired::FINGERPRINT);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewired.safetensors");
    Rewired::build(&Cpu::default())
        .unwrap()
        .save_weights(&path)
        .unwrap();
    let error = Residual::build(&Cpu::default())
        .unwrap()
        .load_weights(&path)
        .unwrap_err()
        .to_string();
    let (_, problems) = error.split_once('\n').unwrap();
    assert_eq!(
        problems,
        "`add`: takes conv2d_1 and conv2d_1 in the file, but takes conv2d and conv2d_1 in the network"
    );
}

network! {
    /// Names that do not fit in their column.
    #[allow(addax::dense_without_activation)]
    Long: (6, 6, 1) => 2 {
        a_name_that_is_much_too_long_for_the_first_column_of_the_table: Conv2D(1234, 1, padding = same),
        a_náme_with_ä_letter_of_two_bytes: GlobalMaxPooling2D(),
        a_name_that_fits_on_its_line: Dense(100_000),
        Dense(2),
    }
}

#[test]
fn a_table_with_long_names_is_the_same_at_both_times() {
    let model = Long::build(&Cpu::default()).unwrap();
    assert_eq!(model.summary().to_string(), Long::SUMMARY);
    assert!(Long::SUMMARY.contains("a_name_that_is_much_too_long_f…"));
    assert!(Long::SUMMARY.contains("a_náme_with_ä_letter_of_two_by…"));
}

network! {
    /// A part of the networks below.
    Encoder: (8, 8, 1) => 4 {
        Conv2D(2, 3, activation = relu),
        BatchNormalization(),
        Flatten(),
        Dense(4, activation = tanh),
    }
}

network! {
    /// The same with another activation.
    Other: (8, 8, 1) => 4 {
        Conv2D(2, 3, activation = tanh),
        BatchNormalization(),
        Flatten(),
        Dense(4, activation = tanh),
    }
}

network! {
    /// One part for two images.
    Pair: (left: (8, 8, 1), right: (8, 8, 1)) => (same: 1) {
        let encoder = Encoder();
        let z = Concatenate()(encoder(left), encoder(right));
        let same = Dense(1, activation = sigmoid)(z);
    }
}

network! {
    /// One part for two images, of another kind.
    OtherPair: (left: (8, 8, 1), right: (8, 8, 1)) => (same: 1) {
        let encoder = Other();
        let z = Concatenate()(encoder(left), encoder(right));
        let same = Dense(1, activation = sigmoid)(z);
    }
}

#[test]
fn a_network_costs_as_a_layer_what_it_costs() {
    let dense = 8;
    assert_eq!(Pair::PARAMS, Encoder::PARAMS + dense + 1);
    assert_eq!(Pair::NON_TRAINABLE_PARAMS, 4);
    assert_eq!(Pair::MACS, 2 * Encoder::MACS + dense);
    // The images are the encoder's inputs, and counted once.
    let values = Encoder::ACTIVATION_BYTES + 4 * 8 / 2;
    assert_eq!(Pair::ACTIVATION_BYTES, 2 * values + 4);
    assert_eq!(Pair::LAYERS[0].params, Encoder::PARAMS);
    assert_eq!(Pair::LAYERS[0].kind, "Encoder");
    let model = Pair::build(&Cpu::default()).unwrap();
    assert_eq!(model.count_params(), Pair::PARAMS);
    assert_eq!(model.summary().to_string(), Pair::SUMMARY);
}

#[test]
fn weights_of_another_inner_network_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.safetensors");
    let other = OtherPair::build(&Cpu::default()).unwrap();
    other.save_weights(&path).unwrap();
    let mut model = Pair::build(&Cpu::default()).unwrap();
    let error = model.load_weights(&path).unwrap_err().to_string();
    let (_, problems) = error.split_once('\n').unwrap();
    assert_eq!(
        problems,
        "`encoder.conv2d`: activation tanh in the file, but activation relu in the network"
    );
}

network! {
    /// Two windows, one after the other.
    Block: (20, 20, 1) => (9, 9, 2) {
        Conv2D(2, 3, activation = relu),
        MaxPooling2D(),
    }
}

network! {
    /// A window over what a network gives.
    Blocks: (20, 20, 1) => 3 {
        Block(),
        Conv2D(1, 3),
        Flatten(),
        Dense(3),
    }
}

network! {
    /// A network that ends in a vector, and another behind it.
    Ends: (8, 8, 1) => 2 {
        Encoder(),
        Dense(2),
    }
}

#[test]
fn windows_are_followed_through_inner_networks() {
    assert_eq!(Block::MIN_INPUT, Some((4, 4)));
    let fields = Blocks::LAYERS.iter().map(|layer| layer.receptive_field);
    let sides = [4, 8, 8, 20].map(|side| Some((side, side)));
    assert!(fields.eq(sides));
    // 8, 6, 3, 1: a side of 7 would leave two places for the last window.
    assert_eq!(Blocks::MIN_INPUT, Some((8, 8)));
    assert_eq!(Ends::MIN_INPUT, Encoder::MIN_INPUT);
    assert_eq!(Ends::MIN_INPUT, Some((3, 3)));
    assert_eq!(Ends::LAYERS[0].receptive_field, Some((8, 8)));
}

network! {
    /// As many sizes as the user likes.
    Convnet<const SIDE: usize = 12, const CLASSES: usize = 3>: (SIDE, SIDE, 1) => CLASSES, budget(params < 100 * SIDE) {
        Conv2D(2, 3, activation = relu),
        Flatten(),
        Dense(CLASSES, activation = softmax),
    }
}

const _: () = assert!(<Convnet>::PARAMS == 20 + 200 * 3 + 3);
const _: () = assert!(Convnet::<5, 2>::PARAMS == 20 + 18 * 2 + 2);
const _: () = assert!(Convnet::<5, 2>::MACS == 9 * 18 + 18 * 2);

#[test]
fn a_network_with_parameters_has_facts_for_each_of_their_values() {
    assert_eq!(Convnet::<5, 2>::LAYERS[1].output_shape.dims(), [18]);
    assert_eq!(<Convnet>::LAYERS[1].output_shape.dims(), [200]);
    assert_ne!(Convnet::<5, 2>::FINGERPRINT, <Convnet>::FINGERPRINT);
    let model = Convnet::<5, 2>::build(&Cpu::default()).unwrap();
    assert_eq!(model.summary().to_string(), Convnet::<5, 2>::SUMMARY);
}
