//! Names of layers that the user did not name, as Keras makes them.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use std::collections::{HashMap, HashSet};

/// Aliases are the same class in Keras, and so is the name it gives.
fn canonical(kind: &str) -> &str {
    match kind {
        "Convolution2DTranspose" => "Conv2DTranspose",
        "MaxPool2D" => "MaxPooling2D",
        "AvgPool2D" => "AveragePooling2D",
        "GlobalMaxPool2D" => "GlobalMaxPooling2D",
        other => other,
    }
}

/// `MaxPooling2D` is `max_pooling2d`: an underscore in front of a capital that follows or precedes a small letter.
///
/// Same result as `keras.src.utils.naming.to_snake_case`.
pub(crate) fn to_snake_case(kind: &str) -> String {
    let letters: Vec<char> = kind.chars().collect();
    let mut name = String::new();
    for (i, letter) in letters.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| letters.get(i));
        let after = letters.get(i + 1);
        let small =
            |letter: Option<&char>| letter.is_some_and(|letter| letter.is_ascii_lowercase());
        if letter.is_ascii_uppercase() && before.is_some() && (small(before) || small(after)) {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

/// Gives out names: the first `Dense` is `dense`, the second `dense_1`, and no name twice.
#[derive(Debug, Default)]
pub(crate) struct Names {
    taken: HashSet<String>,
    used: HashMap<String, usize>,
}

impl Names {
    /// Takes a name that the user wrote. False if another layer has it already.
    pub(crate) fn claim(&mut self, label: &Ident) -> bool {
        self.taken.insert(plain(label))
    }

    /// A name for a layer of this kind. Labels must have been claimed before.
    pub(crate) fn automatic(&mut self, kind: &str) -> Ident {
        self.next(to_snake_case(canonical(kind)))
    }

    /// A name for a layer that is repeated under this one: `hidden_1` for `hidden`.
    pub(crate) fn numbered(&mut self, label: &Ident) -> Ident {
        self.next(plain(label))
    }

    fn next(&mut self, base: String) -> Ident {
        let used = self.used.entry(base.clone()).or_insert(0);
        loop {
            let name = match *used {
                0 => base.clone(),
                n => format!("{base}_{n}"),
            };
            *used += 1;
            if self.taken.insert(name.clone()) {
                return identifier(&name);
            }
        }
    }
}

/// The identifier without the `r#` that makes a word of Rust usable as a name.
pub(crate) fn plain(identifier: &Ident) -> String {
    let text = identifier.to_string();
    match text.strip_prefix("r#") {
        Some(plain) => plain.to_owned(),
        None => text,
    }
}

/// Whether Rust has another use for this word, so that nothing can be called that.
pub(crate) fn is_reserved(word: &Ident) -> bool {
    syn::parse2::<Ident>(word.to_token_stream()).is_err()
}

/// An identifier for `name`, also where Rust has another use for that word: a layer `Match` is `r#match`, and a layer
/// `Crate`, which cannot be written that way, `crate_layer`.
fn identifier(name: &str) -> Ident {
    [
        name.to_owned(),
        format!("r#{name}"),
        format!("{name}_layer"),
    ]
    .iter()
    .find_map(|name| syn::parse_str::<Ident>(name).ok())
    .unwrap_or_else(|| Ident::new("layer", Span::call_site()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_keras() {
        for (kind, name) in [
            ("Dense", "dense"),
            ("Conv2D", "conv2d"),
            ("MaxPooling2D", "max_pooling2d"),
            ("BatchNormalization", "batch_normalization"),
            ("GlobalMaxPooling2D", "global_max_pooling2d"),
            ("LSTM", "lstm"),
            ("ReLU", "re_lu"),
            ("GRUCell", "gru_cell"),
            ("ConvLSTM2D", "conv_lstm2d"),
            ("Conv2DTranspose", "conv2d_transpose"),
        ] {
            assert_eq!(to_snake_case(kind), name);
        }
    }

    #[test]
    fn the_second_one_is_number_one() {
        let mut names = Names::default();
        let given: Vec<_> = ["MaxPool2D", "MaxPooling2D", "Dense", "MaxPool2D"]
            .map(|kind| names.automatic(kind).to_string())
            .into();
        assert_eq!(
            given,
            [
                "max_pooling2d",
                "max_pooling2d_1",
                "dense",
                "max_pooling2d_2"
            ]
        );
    }

    #[test]
    fn a_label_keeps_its_name() {
        let mut names = Names::default();
        assert!(names.claim(&identifier("dense")));
        assert!(!names.claim(&identifier("dense")));
        assert_eq!(names.automatic("Dense").to_string(), "dense_1");
    }

    #[test]
    fn words_of_rust_are_names_too() {
        let mut names = Names::default();
        assert_eq!(names.automatic("Match").to_string(), "r#match");
        assert_eq!(names.automatic("Crate").to_string(), "crate_layer");
    }
}
