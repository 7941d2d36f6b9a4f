//! The phases of `network!` as a library: a crate with macros cannot be linked to, so its files are compiled here again.
//! Outside of the compiler `proc_macro2` has tokens of its own.

// The list is that of `src/lib.rs`.
#![allow(dead_code, unreachable_pub, missing_docs)]

extern crate proc_macro;

#[path = "../src/ast.rs"]
mod ast;
#[path = "../src/check/mod.rs"]
mod check;
#[path = "../src/cursor.rs"]
mod cursor;
#[path = "../src/errors.rs"]
mod errors;
#[path = "../src/expand/mod.rs"]
mod expand;
#[path = "../src/keras.rs"]
mod keras;
#[path = "../src/lints.rs"]
mod lints;
#[path = "../src/names.rs"]
mod names;
#[path = "../src/parse/mod.rs"]
mod parse;
#[path = "../src/sugar.rs"]
mod sugar;
#[path = "../src/text.rs"]
mod text;
#[path = "../src/value.rs"]
mod value;

use proc_macro2::TokenStream;

/// Expands a declaration.
///
/// # Panics
/// If it becomes neither code nor errors: that is what is looked for.
pub fn expand(declaration: TokenStream) {
    let mut errors = errors::Errors::default();
    let network = parse::network(declaration, &mut errors);
    let plan = check::network(network, &mut errors);
    let mistakes = errors.len();
    let code = expand::expand(&plan, errors);
    // Code that rustc cannot even parse would hide the errors behind its own.
    let readable = syn::parse2::<syn::File>(code.clone()).is_ok() || syn::parse2::<syn::Expr>(code.clone()).is_ok();
    assert!(readable, "this is no Rust: {code}");
    assert!(!code.is_empty(), "nothing is said");
    if mistakes == 0 {
        assert!(!code.to_string().contains("compile_error"), "an error that was not counted: {code}");
    }
}
