//! Tests of the phases together. What rustc then says is tested in the crate `addax-ui-tests`.

mod budget;
mod expansion;
mod graphs;
mod lints;
mod mistakes;
mod mutations;

use crate::errors::Errors;
use proc_macro2::TokenStream;

/// The messages for a declaration.
fn messages(declaration: &str) -> Vec<String> {
    let mut errors = Errors::default();
    let network = crate::parse::network(tokens(declaration), &mut errors);
    crate::check::network(network, &mut errors);
    errors.texts().into_iter().map(str::to_owned).collect()
}

/// The code for a declaration, formatted.
fn expansion(declaration: &str) -> String {
    let code = crate::compile(tokens(declaration));
    let file = match syn::parse2::<syn::File>(code.clone()) {
        Ok(file) => file,
        // An expression.
        Err(_) => syn::parse_quote!(fn main() { #code }),
    };
    prettyplease::unparse(&file)
}

fn tokens(text: &str) -> TokenStream {
    text.parse()
        .expect("the declaration of a test consists of tokens")
}
