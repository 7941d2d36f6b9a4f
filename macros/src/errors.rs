//! The mistakes of one declaration, gathered so that one run reports all of them.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

/// Where a mistake is: from the start of one token to the end of another.
///
/// Stable Rust cannot join two spans, but an error whose first and last token carry them underlines all between.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) first: Span,
    pub(crate) last: Span,
}

impl Place {
    /// All of `tokens`, or `otherwise` if there are none.
    pub(crate) fn of(tokens: impl ToTokens, otherwise: impl Into<Place>) -> Place {
        let mut spans = tokens
            .into_token_stream()
            .into_iter()
            .map(|token| token.span());
        match spans.next() {
            Some(first) => Place {
                first,
                last: spans.last().unwrap_or(first),
            },
            None => otherwise.into(),
        }
    }
}

impl From<Span> for Place {
    fn from(span: Span) -> Place {
        Place {
            first: span,
            last: span,
        }
    }
}

/// One mistake.
#[derive(Debug)]
struct Mistake {
    place: Place,
    text: String,
}

/// The collector that every phase writes to. Only [`Errors::finish`] takes anything out.
#[derive(Debug, Default)]
pub(crate) struct Errors {
    mistakes: Vec<Mistake>,
}

impl Errors {
    /// What is wrong, in the user's words.
    pub(crate) fn push(&mut self, place: impl Into<Place>, problem: impl Into<String>) {
        self.mistakes.push(Mistake {
            place: place.into(),
            text: problem.into(),
        });
    }

    /// What is wrong, and on a line of its own the edit that mends it. The shape rules write their help the same way.
    pub(crate) fn push_help(
        &mut self,
        place: impl Into<Place>,
        problem: impl AsRef<str>,
        edit: impl AsRef<str>,
    ) {
        self.push(
            place,
            format!("{}\nhelp: {}", problem.as_ref(), edit.as_ref()),
        );
    }

    /// How many mistakes there are so far.
    pub(crate) fn len(&self) -> usize {
        self.mistakes.len()
    }

    /// The mistakes as compile errors, from top to bottom.
    pub(crate) fn finish(mut self) -> TokenStream {
        // Outside of the compiler, in tests, nothing is known of lines.
        if proc_macro::is_available() {
            self.mistakes.sort_by_key(|mistake| {
                let first = mistake.place.first.unwrap();
                (first.line(), first.column())
            });
        }
        self.mistakes
            .iter()
            .map(Mistake::to_compile_error)
            .collect()
    }

    /// The messages alone.
    #[cfg(test)]
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.mistakes
            .iter()
            .map(|mistake| mistake.text.as_str())
            .collect()
    }
}

impl Mistake {
    /// rustc underlines an error in a macro from the macro's first token to its last.
    fn to_compile_error(&self) -> TokenStream {
        let text = &self.text;
        let mut start = quote_spanned!(self.place.first=> ::core::compile_error);
        start.extend(quote_spanned!(self.place.last=> ! { #text }));
        start
    }
}
