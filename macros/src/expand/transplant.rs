//! What the user wrote, for the place where it is emitted.

use super::Context;
use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::quote_spanned;

/// The tokens of a size or an option.
///
/// `Self::SIDE` is the network's own constant, but without parameters it does not stand in an impl of it there. A parameter
/// that is a type means its size. And `$side` of a `macro_rules!` that stands for `4 + 4` comes in invisible parentheses,
/// which rustc does not see again.
pub(super) fn transplant(tokens: TokenStream, context: &Context<'_>) -> TokenStream {
    let mut moved = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    // Of `a::In` and `In::SIZE`, `In` is a part of a path.
    let mut behind_colon = false;
    while let Some(token) = tokens.next() {
        let before_colon = is_colon(tokens.peek());
        let was_behind_colon = std::mem::replace(&mut behind_colon, is_colon(Some(&token)));
        match token {
            TokenTree::Ident(word) if word == "Self" && context.parameters.is_empty() => {
                let mut this = context.type_name.clone();
                this.set_span(word.span());
                moved.extend([TokenTree::Ident(this)]);
            }
            TokenTree::Ident(word)
                if !was_behind_colon && !before_colon && context.parameters.is_type(&word) =>
            {
                moved.extend(quote_spanned!(word.span()=> <#word as __addax::ConstDim>::SIZE));
            }
            TokenTree::Group(group) => {
                let inside = transplant(group.stream(), context);
                let (delimiter, span) = match group.delimiter() {
                    Delimiter::None if has_operators(&inside) => (
                        Delimiter::Parenthesis,
                        Span::call_site().located_at(group.span()),
                    ),
                    delimiter => (delimiter, group.span()),
                };
                let mut group = Group::new(delimiter, inside);
                group.set_span(span);
                moved.extend([TokenTree::Group(group)]);
            }
            token => moved.extend([token]),
        }
    }
    moved
}

fn is_colon(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
}

/// Whether parentheses around these tokens mean something: not around a path.
fn has_operators(tokens: &TokenStream) -> bool {
    tokens
        .clone()
        .into_iter()
        .any(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() != ':'))
}
