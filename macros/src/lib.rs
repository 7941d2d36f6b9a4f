//! The macro behind `addax::network!`. Use it through the crate `addax`, where it is documented.
//!
//! The macro is a small compiler that knows syntax only: `parse` reads the tokens, `check` looks at what concerns
//! more than one of them, `expand` writes Rust. Shapes are computed by rustc from what is emitted, and the rules for
//! them live with the layers in the runtime crate. A mistake stops none of the phases: all are reported at once, and the
//! names of the network are emitted all the same, so that correct code that uses it adds no errors of its own.

// Whatever the tokens: a macro that panics says nothing of use. Tests may.
#![cfg_attr(
    not(test),
    warn(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

mod ast;
mod check;
mod cursor;
mod errors;
mod expand;
mod keras;
mod lints;
mod names;
mod parse;
mod sugar;
mod text;
mod value;

#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;

/// Declares a neural network whose shapes the compiler checks.
///
/// ```text
/// network! {
///     /// Handwritten letters.
///     pub Letters: (28, 28, 1) => 26 {
///         Conv2D(16, (3, 3), activation = relu),
///         MaxPooling2D(),
///         Flatten(),
///         hidden: Dense(64, activation = relu),
///         Dense(26, activation = softmax),
///     }
/// }
/// ```
///
/// `Letters` is a type without values in it. `Letters::build(&device)` makes a model of it, with its weights on a device;
/// `Letters::inputs(numbers)` makes a batch for it from a flat vector.
///
/// # The header
/// - Doc comments, attributes and a visibility, as for a struct.
/// - The name and a colon. Without them, `network!((4, 4, 1) => 3 { .. })` is an expression: a value of a network
///   without a name, for `Model::new(network, &device)`.
/// - The shape of one sample, `=>`, and the shape of one answer. The batch is not part of them. A shape is one size or
///   up to four in parentheses; images are (height, width, channels).
/// - A size is anything of type `usize` that the compiler can work out: `28`, `SIDE`, `Self::SIDE` (of an `impl Letters`),
///   `2 * SIDE`, `settings::UNITS`.
///
/// # The layers
/// Each takes what the one before it gives.
/// - A layer is written as Keras writes it: arguments in Keras' order, options by name with `=`.
/// - One number may stand for a pair: `Conv2D(16, 3)`, `MaxPooling2D(2)`.
/// - Words such as `relu`, `same` or `he_uniform` need no quotes and no import; they are the constants of `addax::words`.
/// - A label names the layer, `hidden: Dense(64)`. Others are named as in Keras: `conv2d`, `dense`, `dense_1`. The names are
///   fields: `model.layers()?.hidden.kernel`.
/// - A doc comment in front of a layer becomes that of the field.
/// - A layer of one's own is written with its type: `Halve()`. If a layer of Addax has the same name, a path tells them
///   apart: `self::Dense(64)`. A tuple in its arguments becomes an array.
///
/// # Errors
/// Every mistake is a compile error at the tokens that are wrong, with the edit that mends it, and all of them come at
/// once: in the syntax, in the names and values of options, and in shapes that do not fit.
///
/// # Warnings
/// A network that runs but most often is a mistake, such as one with a softmax before the last layer, gives a warning at the
/// layer's name. `#[allow(addax::softmax_inside)]` in front of the network silences that one; `addax::lints` has them all.
///
/// With the environment variable `ADDAX_EXPAND` set, the expansion is printed to the standard error output.
///
/// # Grammar
/// ```text
/// network  = { attribute } [ visibility ] [ NAME ":" ] shape "=>" shape "{" layers "}"
/// shape    = size | "(" size { "," size } [ "," ] ")"
/// size     = EXPRESSION                         (a constant usize)
/// layers   = layer { "," layer } [ "," ]
/// layer    = { doc comment } [ LABEL ":" ] TYPE "(" [ argument { "," argument } [ "," ] ] ")"
/// argument = EXPRESSION | OPTION "=" EXPRESSION
/// ```
#[proc_macro]
pub fn network(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let code = compile(input.into());
    if std::env::var_os("ADDAX_EXPAND").is_some() {
        eprintln!("{code}");
    }
    code.into()
}

/// The order of the phases.
fn compile(input: TokenStream) -> TokenStream {
    let mut errors = errors::Errors::default();
    let network = parse::network(input, &mut errors);
    let plan = check::network(network, &mut errors);
    expand::expand(&plan, errors)
}
