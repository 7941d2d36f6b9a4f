//! The macro behind `addax::network!`. Use it through the crate `addax`, where it is documented.
//!
//! The macro is a small compiler that knows syntax only: [`parse`] reads the tokens, [`check`] looks at what concerns
//! more than one of them, [`expand`] writes Rust. Shapes are computed by rustc from what is emitted, and the rules for
//! them live with the layers in the runtime crate. A mistake stops none of the phases: all are reported at once, and the
//! names of the network are emitted all the same, so that correct code that uses it adds no errors of its own.

mod ast;
mod check;
mod cursor;
mod errors;
mod expand;
mod keras;
mod names;
mod parse;
mod sugar;
mod text;
mod value;

#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;

/// Declares a neural network.
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
