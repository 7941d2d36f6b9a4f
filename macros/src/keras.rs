//! What the macro knows about Keras' names.
//!
//! It needs little: how the layers of Addax are called beyond what plain Rust gives (arguments in Keras' order or by
//! name), and the names under which newcomers look for things. Everything else, unknown options, unknown words and wrong
//! types, rustc reports at the user's own token, and the shape rules live with the layers in the runtime crate.

use crate::names::to_snake_case;

/// How a layer is called.
#[derive(Debug)]
pub(crate) struct Signature {
    /// Its name, and its aliases.
    names: &'static [&'static str],
    /// Arguments that must be given, in the order of the layer's `new`.
    pub(crate) required: &'static [&'static str],
    /// Arguments that may follow without a name, in Keras' order.
    pub(crate) optional: &'static [&'static str],
    /// A call to show in messages.
    pub(crate) example: &'static str,
    /// One with an option by name, if there are options.
    pub(crate) with_option: Option<&'static str>,
}

const SIGNATURES: &[Signature] = &[
    Signature {
        names: &["Dense"],
        required: &["units"],
        optional: &["activation", "use_bias"],
        example: "Dense(10)",
        with_option: Some("Dense(10, activation = softmax)"),
    },
    Signature {
        names: &["Conv2D"],
        required: &["filters", "kernel_size"],
        optional: &["strides", "padding"],
        example: "Conv2D(16, (3, 3))",
        with_option: Some("Conv2D(16, (3, 3), activation = relu)"),
    },
    Signature {
        names: &["Conv2DTranspose", "Convolution2DTranspose"],
        required: &["filters", "kernel_size"],
        optional: &["strides", "padding", "output_padding"],
        example: "Conv2DTranspose(16, (3, 3))",
        with_option: Some("Conv2DTranspose(16, (3, 3), strides = 2)"),
    },
    Signature {
        names: &["LSTM"],
        required: &["units"],
        optional: &[
            "activation",
            "recurrent_activation",
            "use_bias",
            "kernel_initializer",
            "recurrent_initializer",
            "bias_initializer",
            "unit_forget_bias",
        ],
        example: "LSTM(64)",
        with_option: Some("LSTM(64, return_sequences = true)"),
    },
    Signature {
        names: &["MaxPooling2D", "MaxPool2D"],
        required: &[],
        optional: &["pool_size", "strides", "padding"],
        example: "MaxPooling2D((2, 2))",
        with_option: Some("MaxPooling2D((2, 2), padding = same)"),
    },
    Signature {
        names: &["AveragePooling2D", "AvgPool2D"],
        required: &[],
        optional: &["pool_size", "strides", "padding"],
        example: "AveragePooling2D((2, 2))",
        with_option: Some("AveragePooling2D((2, 2), padding = same)"),
    },
    Signature {
        names: &["GlobalMaxPooling2D", "GlobalMaxPool2D"],
        required: &[],
        optional: &[],
        example: "GlobalMaxPooling2D()",
        with_option: None,
    },
    Signature {
        names: &["Flatten"],
        required: &[],
        optional: &[],
        example: "Flatten()",
        with_option: None,
    },
    Signature {
        names: &["Reshape"],
        required: &["target_shape"],
        optional: &[],
        example: "Reshape((28, 28, 1))",
        with_option: None,
    },
    Signature {
        names: &["Activation"],
        required: &["activation"],
        optional: &[],
        example: "Activation(relu)",
        with_option: None,
    },
    Signature {
        names: &["Dropout"],
        required: &["rate"],
        optional: &[],
        example: "Dropout(0.5)",
        with_option: None,
    },
    Signature {
        names: &["BatchNormalization"],
        required: &[],
        optional: &[],
        example: "BatchNormalization()",
        with_option: Some("BatchNormalization(momentum = 0.9)"),
    },
    Signature {
        names: &["Add"],
        required: &[],
        optional: &[],
        example: "Add()",
        with_option: None,
    },
    Signature {
        names: &["Subtract"],
        required: &[],
        optional: &[],
        example: "Subtract()",
        with_option: None,
    },
    Signature {
        names: &["Multiply"],
        required: &[],
        optional: &[],
        example: "Multiply()",
        with_option: None,
    },
    Signature {
        names: &["Average"],
        required: &[],
        optional: &[],
        example: "Average()",
        with_option: None,
    },
    Signature {
        names: &["Maximum"],
        required: &[],
        optional: &[],
        example: "Maximum()",
        with_option: None,
    },
    Signature {
        names: &["Minimum"],
        required: &[],
        optional: &[],
        example: "Minimum()",
        with_option: None,
    },
    Signature {
        names: &["Concatenate"],
        required: &[],
        optional: &["axis"],
        example: "Concatenate()",
        with_option: Some("Concatenate(axis = 1)"),
    },
    Signature {
        names: &["Dot"],
        required: &["axes"],
        optional: &["normalize"],
        example: "Dot(1)",
        with_option: Some("Dot(1, normalize = true)"),
    },
    Signature {
        names: &["Lambda"],
        required: &["function"],
        optional: &[],
        example: "Lambda(my_function)",
        with_option: None,
    },
];

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole number.
    Size,
    /// Two whole numbers, or one for both.
    Pair,
    /// The same where not giving it means something of its own.
    OptionalPair,
    /// An axis of each of two inputs, or one for both; negative from the end.
    Axes,
    /// The path of a function.
    Function,
    /// A shape of any length.
    Shape,
    /// A number with a point.
    Number,
    /// `true` or `false`.
    Flag,
    /// A word such as `relu`.
    Word,
    /// Not known here.
    Other,
}

impl Signature {
    /// What the option `name` takes.
    pub(crate) fn kind(&self, name: &str) -> Kind {
        match name {
            "units" | "filters" => Kind::Size,
            "strides" if self.optional.contains(&"pool_size") => Kind::OptionalPair,
            "output_padding" => Kind::OptionalPair,
            "kernel_size" | "pool_size" | "strides" => Kind::Pair,
            "axes" => Kind::Axes,
            "function" => Kind::Function,
            "target_shape" => Kind::Shape,
            "rate" | "momentum" | "epsilon" => Kind::Number,
            "use_bias" | "center" | "scale" | "normalize" | "unit_forget_bias"
            | "return_sequences" | "go_backwards" => Kind::Flag,
            "activation"
            | "recurrent_activation"
            | "padding"
            | "kernel_initializer"
            | "recurrent_initializer"
            | "bias_initializer" => Kind::Word,
            _ => Kind::Other,
        }
    }
}

/// How the layer `name` is called, if it is one of Addax.
pub(crate) fn signature(name: &str) -> Option<&'static Signature> {
    SIGNATURES
        .iter()
        .find(|signature| signature.names.contains(&name))
}

/// A call of the layer `name`, to show in a message.
pub(crate) fn example(name: &str) -> Option<&'static str> {
    signature(name).map(|signature| signature.example)
}

/// Whether the layer `name` cannot stand without arguments. Of a user's own layer nothing is known.
pub(crate) fn needs_arguments(name: &str) -> bool {
    signature(name).is_none_or(|signature| !signature.required.is_empty())
}

/// What the name of a layer means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LayerName {
    /// A layer of Addax.
    Known,
    /// A layer of Addax in another spelling.
    Written(&'static str),
    /// An activation function, which is a word.
    Function(&'static str),
    /// A layer of Keras that is still missing, and what to do instead.
    NotYet(Option<&'static str>),
    /// Anything else: a layer of the user's own, or a slip that rustc will find.
    Foreign,
}

/// Activations that Keras also has as layers.
const FUNCTIONS: &[&str] = &["relu", "sigmoid", "softmax", "tanh"];

const NOT_YET: &[&str] = &[
    "AlphaDropout",
    "Attention",
    "AveragePooling1D",
    "AveragePooling3D",
    "Bidirectional",
    "CategoryEncoding",
    "Conv1D",
    "Conv1DTranspose",
    "Conv3D",
    "ConvLSTM2D",
    "Cropping1D",
    "Cropping2D",
    "DepthwiseConv2D",
    "ELU",
    "Embedding",
    "GRU",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling1D",
    "GroupNormalization",
    "LayerNormalization",
    "LeakyReLU",
    "Masking",
    "MaxPooling1D",
    "MaxPooling3D",
    "MultiHeadAttention",
    "Normalization",
    "PReLU",
    "Permute",
    "RandomFlip",
    "RandomRotation",
    "RandomZoom",
    "RepeatVector",
    "Rescaling",
    "Resizing",
    "SeparableConv2D",
    "SimpleRNN",
    "SpatialDropout2D",
    "TimeDistributed",
    "UpSampling2D",
    "ZeroPadding2D",
];

/// Names of Keras 1.
const FORMER: &[(&str, &str)] = &[("Convolution2D", "Conv2D")];

/// Looks a layer's name up.
pub(crate) fn layer(name: &str) -> LayerName {
    if signature(name).is_some() {
        return LayerName::Known;
    }
    if let Some((_, now)) = FORMER.iter().find(|(former, _)| *former == name) {
        return LayerName::Written(now);
    }
    let folded = fold(name);
    if let Some(word) = FUNCTIONS.iter().find(|word| **word == folded) {
        return LayerName::Function(word);
    }
    if NOT_YET.contains(&name) {
        return LayerName::NotYet(match name {
            "GlobalAveragePooling2D" => Some("`GlobalMaxPooling2D()` is"),
            "Rescaling" | "Normalization" => Some("scale the data before it comes to the network"),
            _ => None,
        });
    }
    // `dense`, `conv2d`, `max_pooling2d`, `maxpool2d`: types have capitals, so this is no layer of the user's own.
    if name.starts_with(char::is_lowercase)
        && let Some(known) = SIGNATURES
            .iter()
            .flat_map(|signature| signature.names)
            .find(|known| fold(known) == folded)
    {
        return LayerName::Written(known);
    }
    LayerName::Foreign
}

/// The name without capitals and underscores.
fn fold(name: &str) -> String {
    name.chars()
        .filter(|letter| *letter != '_')
        .flat_map(char::to_lowercase)
        .collect()
}

/// Words of Keras, with the classes that they stand for in mind: `HeNormal()`.
const WORDS: &[&str] = &[
    "elu",
    "gelu",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "linear",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "relu",
    "same",
    "selu",
    "sigmoid",
    "softmax",
    "softplus",
    "swish",
    "tanh",
    "valid",
    "zeros",
];

/// The word for a name of Keras: `HeNormal` is `he_normal`, `ReLU` is `relu`.
pub(crate) fn word(name: &str) -> String {
    match to_snake_case(name).as_str() {
        "re_lu" => "relu".to_owned(),
        word => word.to_owned(),
    }
}

/// Whether Keras has this word.
pub(crate) fn is_word(word: &str) -> bool {
    WORDS.contains(&word)
}

/// What became of an option of Keras that no layer of Addax has under this name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OptionName {
    /// The option's name today.
    Written(&'static str),
    /// The input shape stands in the header.
    Input,
    /// A layer's name stands in front of it.
    Label,
    /// Always so, or never: the reason.
    LeaveOut(&'static str),
    /// Not there yet.
    NotYet,
    /// Nothing is known about it.
    Other,
}

/// Looks an option's name up.
pub(crate) fn option(layer: &str, name: &str) -> OptionName {
    use OptionName::{Input, Label, LeaveOut, NotYet, Other, Written};
    match name {
        "nb_filter" | "nb_filters" | "out_channels" => Written("filters"),
        "border_mode" => Written("padding"),
        "subsample" | "stride" => Written("strides"),
        "kernel" => Written("kernel_size"),
        "output_dim" => Written("units"),
        "init" | "kernel_init" => Written("kernel_initializer"),
        "bias_init" => Written("bias_initializer"),
        "bias" => Written("use_bias"),
        "inner_activation" => Written("recurrent_activation"),
        "inner_init" => Written("recurrent_initializer"),
        "p" | "prob" if layer == "Dropout" => Written("rate"),
        "mode" if layer.ends_with("Pooling2D") => Written("padding"),
        "input_shape" | "input_dim" | "batch_input_shape" | "batch_shape" | "input_length" => Input,
        "name" => Label,
        "data_format" | "dim_ordering" => LeaveOut("images are always (height, width, channels)"),
        "axis" if layer != "Concatenate" => LeaveOut("it is always the last axis"),
        "output_shape" => LeaveOut("the type of the function says it"),
        "dtype" => LeaveOut("numbers are always `f32`"),
        "unroll" | "implementation" | "use_cudnn" => LeaveOut("it would change no result"),
        "W_regularizer"
        | "b_regularizer"
        | "activity_regularizer"
        | "kernel_regularizer"
        | "bias_regularizer"
        | "kernel_constraint"
        | "bias_constraint"
        | "dilation_rate"
        | "groups"
        | "trainable"
        | "noise_shape"
        | "seed"
        | "keepdims"
        | "beta_initializer"
        | "gamma_initializer"
        | "moving_mean_initializer"
        | "moving_variance_initializer"
        | "beta_regularizer"
        | "gamma_regularizer"
        | "weights"
        | "recurrent_regularizer"
        | "recurrent_constraint"
        | "dropout"
        | "recurrent_dropout"
        | "return_state"
        | "stateful"
        | "zero_output_for_mask" => NotYet,
        _ => Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_newcomers_are_understood() {
        assert_eq!(layer("Dense"), LayerName::Known);
        assert_eq!(layer("dense"), LayerName::Written("Dense"));
        assert_eq!(layer("conv2d"), LayerName::Written("Conv2D"));
        assert_eq!(layer("max_pooling2d"), LayerName::Written("MaxPooling2D"));
        assert_eq!(layer("maxpool2d"), LayerName::Written("MaxPool2D"));
        assert_eq!(layer("Convolution2D"), LayerName::Written("Conv2D"));
        assert_eq!(layer("ReLU"), LayerName::Function("relu"));
        assert_eq!(layer("GRU"), LayerName::NotYet(None));
        assert_eq!(layer("Halve"), LayerName::Foreign);
    }

    #[test]
    fn no_name_means_two_things() {
        let names: Vec<_> = SIGNATURES
            .iter()
            .flat_map(|signature| signature.names)
            .collect();
        for name in &names {
            assert_eq!(
                names.iter().filter(|other| *other == name).count(),
                1,
                "{name}"
            );
            assert!(!NOT_YET.contains(name), "{name} is here");
            assert!(
                FORMER.iter().all(|(former, _)| former != *name),
                "{name} is its own name"
            );
        }
        for (former, now) in FORMER {
            assert!(
                signature(now).is_some(),
                "{former} became {now}, which is not here"
            );
        }
    }

    #[test]
    fn examples_are_calls_of_their_layer() {
        for signature in SIGNATURES {
            let name = signature.names[0];
            assert!(
                signature.example.starts_with(&format!("{name}(")),
                "{}",
                signature.example
            );
        }
    }
}
