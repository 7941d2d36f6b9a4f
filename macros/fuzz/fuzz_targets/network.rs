//! Text, as mutated from the declarations in `seeds/`.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use proc_macro2::TokenStream;

fuzz_target!(|text: &str| -> Corpus {
    // What is not even made of tokens never gets to a macro.
    let Ok(declaration) = text.parse::<TokenStream>() else {
        return Corpus::Reject;
    };
    addax_macros_fuzz::expand(declaration);
    Corpus::Keep
});
