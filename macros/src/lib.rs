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
/// - What the network may cost, if that is limited: `=> 10, budget(params < 50_000, macs <= 3_000_000)`. The quantities are
///   `params`, `macs`, `weight_bytes` and `activation_bytes`; the last two are for `f32`s.
///
/// # The layers
/// Each takes what the one before it gives.
/// - A layer is written as Keras writes it: arguments in Keras' order, options by name with `=`.
/// - One number may stand for a pair: `Conv2D(16, 3)`, `MaxPooling2D(2)`.
/// - Words such as `relu`, `same` or `he_uniform` need no quotes and no import; they are the constants of `addax::words`.
/// - A label names the layer, `hidden: Dense(64)`. Others are named as in Keras: `conv2d`, `dense`, `dense_1`. The names are
///   fields: `model.layers()?.hidden.kernel`.
/// - A doc comment in front of a layer becomes that of the field.
/// - `3 * Dense(64)` is three layers, one behind the other. A label gives `hidden`, `hidden_1`, `hidden_2`.
/// - A network of one output is a layer of others: `Encoder()`. Its layers are fields of a field,
///   `model.layers()?.encoder.dense.kernel`, and so are the names in saved files.
/// - A layer of one's own is written with its type: `Halve()`. If a layer of Addax has the same name, a path tells them
///   apart: `self::Dense(64)`. A tuple in its arguments becomes an array.
///
/// # Graphs
/// With names for its inputs and outputs, a network is a graph: Keras' functional API.
///
/// ```text
/// network! {
///     pub Faces: (image: (48, 48, 3), age: 1, gender: 1) => (race: 5, glad: 1) {
///         let x = Conv2D(24, 3, activation = relu, padding = same)(image);
///         let y = seen: Conv2D(24, 3, padding = same)(x);
///         let x = Flatten()(MaxPooling2D(2)(x + y));
///         let tower = Dense(64, activation = relu);
///         let z = Concatenate()(x, tower(age), tower(gender));
///         let race = Dense(5, activation = softmax)(z);
///         let glad = Dense(1, activation = sigmoid)(z);
///     }
/// }
/// ```
///
/// - `let` names a value: what a layer gives that is applied to values. A later `let` of the same name hides it, as in
///   Rust. Every output of the header is one of these names, and every value is used.
/// - A layer of several inputs takes them in parentheses or, as Keras writes it, in brackets as well.
/// - `x + y`, `x - y` and `x * y` are `Add()(x, y)`, `Subtract()(x, y)` and `Multiply()(x, y)`.
/// - A layer that is bound without being applied, `let tower = Dense(64);`, may be applied to several values, which share
///   its weights. Its field is called as the name is.
/// - Several inputs are a struct, `FacesInputs { image, age, gender }`, and so are several outputs. One is what it is in a
///   network without names.
///
/// # Parameters
/// `pub Convnet<const SIDE: usize = 28, Classes>: (SIDE, SIDE, 1) => Classes { .. }` has two sizes that are known where the
/// network is used, `Convnet::<28, Const<10>>::build(&device)`: a number, and a dimension of dfdx. Between the braces they
/// are sizes like others, `Dense(Classes / 2)`. In the header they stand alone, because Rust cannot compute with them in
/// types; `addax::shape::N` is a dimension that is a number of typenum, with which generic code can.
///
/// The shapes are checked for the defaults where the network is declared, if every parameter has one, and for other sizes
/// when the program is built (`cargo check` does not see those). The tensors of the weights are matrices: all dimensions
/// but the last, and the last.
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
/// network  = { attribute } [ visibility ] [ NAME [ "<" parameter { "," parameter } [ "," ] ">" ] ":" ] ( list | graph )
/// parameter = "const" NAME ":" "usize" [ "=" EXPRESSION ] | NAME [ "=" TYPE ]
/// list     = shape "=>" shape [ "," budget ] "{" layer { "," layer } [ "," ] "}"
/// graph    = ports "=>" ports [ "," budget ] "{" { statement } "}"
/// budget   = "budget" "(" limit { "," limit } [ "," ] ")"
/// limit    = QUANTITY ( "<" | "<=" ) EXPRESSION (a constant usize)
/// shape    = size | "(" size { "," size } [ "," ] ")"
/// size     = EXPRESSION                         (a constant usize)
/// ports    = "(" NAME ":" shape { "," NAME ":" shape } [ "," ] ")"
/// statement = { doc comment } "let" NAME "=" ( value | layer ) ";"
/// value    = NAME | "(" value ")" | ( NAME | layer ) "(" values ")" | value ( "+" | "-" | "*" ) value
/// values   = value { "," value } [ "," ] | "[" values "]"
/// layer    = { doc comment } [ LABEL ":" ] [ NUMBER "*" ] TYPE "(" [ argument { "," argument } [ "," ] ] ")"
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
