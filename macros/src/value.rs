//! The value of one argument.

use crate::errors::{Errors, Place};
use crate::keras::{self, Kind};
use crate::text;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, ExprUnary, Lit, Member, Token, UnOp};

/// A sample has at most this many dimensions.
const MAX_RANK: usize = 4;

/// What stands in the place of a required argument that is given by name.
pub(crate) fn placeholder(kind: Kind) -> TokenStream {
    match kind {
        Kind::Size | Kind::Function | Kind::Other => quote!(0),
        Kind::Pair | Kind::Axes => quote!([0, 0]),
        Kind::OptionalPair => quote!(::core::option::Option::None),
        Kind::Shape => quote!([0]),
        Kind::Number => quote!(0.0),
        Kind::Flag => quote!(false),
        Kind::Word => quote!(::addax::words::linear),
    }
}

/// The value of `option` as Rust. `None` if it cannot be that; why has been noted then.
pub(crate) fn convert(
    value: &Expr,
    kind: Kind,
    option: &str,
    layer: &str,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let mut mistakes = Mistakes {
        value,
        option,
        layer,
        errors,
    };
    match kind {
        Kind::Size => mistakes.size(value),
        Kind::Pair => mistakes.pair(),
        Kind::OptionalPair => {
            let pair = mistakes.pair()?;
            Some(quote!(::core::option::Option::Some(#pair)))
        }
        Kind::Axes => Some(axes(value)),
        Kind::Function => Some(function(value)),
        Kind::Shape => mistakes.shape(),
        Kind::Number => mistakes.number(),
        Kind::Word => mistakes.word(),
        Kind::Flag | Kind::Other => Some(plain(value)),
    }
}

/// Whether only the type of `value` tells how many numbers it has: a constant where one or two may stand.
pub(crate) fn is_one_or_two(value: &Expr, kind: Kind) -> bool {
    matches!(kind, Kind::Pair | Kind::OptionalPair)
        && elements(value).is_none()
        && !matches!(bare(value), Expr::Lit(_))
}

/// A value of which nothing is known, but that a tuple becomes an array: one type for any number of sizes.
pub(crate) fn plain(value: &Expr) -> TokenStream {
    match elements(value) {
        Some(elements) => {
            let elements = elements
                .iter()
                .map(ToTokens::to_token_stream)
                .collect::<Vec<_>>();
            array(&elements, value.span())
        }
        None => value.to_token_stream(),
    }
}

/// A function with its type, which tells the shapes. A type that does not fit is reported at the user's own token.
fn function(value: &Expr) -> TokenStream {
    let span = value.span();
    quote_spanned!(span=> &__addax::Typed(#value, ::core::marker::PhantomData))
}

/// One axis for both inputs, `1` or `-1`, as a pair; everything else as it is.
fn axes(value: &Expr) -> TokenStream {
    let number = match bare(value) {
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => expr,
        other => other,
    };
    match literal(number) {
        Some(Lit::Int(_)) => array(
            &[value.to_token_stream(), value.to_token_stream()],
            value.span(),
        ),
        _ => plain(value),
    }
}

/// What is inside of parentheses that stand for nothing, and of the invisible ones of `macro_rules!`.
fn bare(mut value: &Expr) -> &Expr {
    loop {
        value = match value {
            Expr::Paren(inner) => &inner.expr,
            Expr::Group(inner) => &inner.expr,
            bare => return bare,
        }
    }
}

/// The elements of `(3, 3)` or `[3, 3]`.
fn elements(value: &Expr) -> Option<&Punctuated<Expr, Token![,]>> {
    match bare(value) {
        Expr::Tuple(tuple) => Some(&tuple.elems),
        Expr::Array(array) => Some(&array.elems),
        _ => None,
    }
}

fn literal(value: &Expr) -> Option<&Lit> {
    match bare(value) {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        _ => None,
    }
}

/// `[3, 3]`, with the user's parentheses as brackets.
fn array(elements: &[TokenStream], span: Span) -> TokenStream {
    let mut group = Group::new(Delimiter::Bracket, quote!(#(#elements),*));
    group.set_span(span);
    TokenTree::Group(group).into()
}

/// Turns one value into Rust and notes what is wrong with it.
struct Mistakes<'a> {
    value: &'a Expr,
    option: &'a str,
    layer: &'a str,
    errors: &'a mut Errors,
}

impl Mistakes<'_> {
    fn wrong(&mut self, place: &Expr, what: &str, help: String) {
        let Mistakes { option, layer, .. } = self;
        self.errors.push_help(
            Place::of(place, Span::call_site()),
            format!("`{option}` of `{layer}` {what}"),
            help,
        );
    }

    fn size(&mut self, value: &Expr) -> Option<TokenStream> {
        let shown = text::tokens(value.to_token_stream());
        match bare(value) {
            Expr::Unary(ExprUnary {
                op: UnOp::Neg(_), ..
            }) => {
                let help = if self.layer == "Reshape" {
                    "write the size out; `Reshape` does not work it out"
                } else {
                    "write a whole number from 1"
                };
                self.wrong(value, "cannot be negative", help.to_owned());
                None
            }
            Expr::Lit(ExprLit {
                lit: Lit::Int(_), ..
            }) => Some(value.to_token_stream()),
            Expr::Lit(_) | Expr::Tuple(_) | Expr::Array(_) => {
                let number: String = shown
                    .chars()
                    .take_while(|c| *c != '.')
                    .filter(char::is_ascii_digit)
                    .collect();
                let help = match number.as_str() {
                    "" => "write a number, such as `64`".to_owned(),
                    number => format!("write `{number}`"),
                };
                let help = if elements(value).is_some() {
                    "write one number".to_owned()
                } else {
                    help
                };
                self.wrong(value, &format!("is a whole number, not `{shown}`"), help);
                None
            }
            _ => Some(value.to_token_stream()),
        }
    }

    /// (height, width), or one number for both.
    fn pair(&mut self) -> Option<TokenStream> {
        let value = self.value;
        if let Some(elements) = elements(value) {
            if elements.len() != 2 {
                let shown = text::tokens(value.to_token_stream());
                let first = elements.first().map_or("2".to_owned(), |first| {
                    text::tokens(first.to_token_stream())
                });
                self.wrong(
                    value,
                    &format!("is (height, width), not `{shown}`"),
                    format!("write `({first}, {first})`, or one number for both"),
                );
                return None;
            }
            let sizes: Vec<_> = elements.iter().map(|element| self.size(element)).collect();
            return Some(array(
                &sizes.into_iter().collect::<Option<Vec<_>>>()?,
                value.span(),
            ));
        }
        let size = self.size(value)?;
        match literal(value) {
            Some(Lit::Int(number)) => {
                let mut copy = number.token();
                copy.set_span(Span::call_site());
                Some(array(&[size, copy.into_token_stream()], value.span()))
            }
            // A constant: only its type tells whether it is one number or two.
            _ => {
                let span = value.span();
                Some(quote_spanned!(span=> __OneOrTwo(#size).height_and_width()))
            }
        }
    }

    fn shape(&mut self) -> Option<TokenStream> {
        let value = self.value;
        let Some(elements) = elements(value) else {
            let size = self.size(value)?;
            return Some(match literal(value) {
                Some(_) => array(&[size], value.span()),
                None => size,
            });
        };
        if elements.len() > MAX_RANK {
            self.wrong(
                value,
                &format!(
                    "has {} dimensions, but a sample has at most {MAX_RANK}",
                    elements.len()
                ),
                "the batch is not one of them".to_owned(),
            );
            return None;
        }
        let sizes: Vec<_> = elements.iter().map(|element| self.size(element)).collect();
        Some(array(
            &sizes.into_iter().collect::<Option<Vec<_>>>()?,
            value.span(),
        ))
    }

    fn number(&mut self) -> Option<TokenStream> {
        let shown = text::tokens(self.value.to_token_stream());
        match literal(self.value) {
            Some(Lit::Int(_)) => {
                let help = match self.option {
                    // 1.0 would be the next mistake.
                    "rate" => "write the share that is dropped, such as `0.5`".to_owned(),
                    _ => format!("write `{shown}.0`"),
                };
                self.wrong(self.value, "is a number with a point", help);
                None
            }
            Some(Lit::Str(_)) => {
                self.wrong(
                    self.value,
                    "is a number, not text",
                    format!("write `{}`", shown.trim_matches('"')),
                );
                None
            }
            _ => Some(plain(self.value)),
        }
    }

    /// `relu`, and how Python writes it: `"relu"`, `relu()`, `ReLU()`, `tf.nn.relu`.
    fn word(&mut self) -> Option<TokenStream> {
        let Some((word, what)) = python_word(bare(self.value)) else {
            return Some(plain(self.value));
        };
        let Ok(mut repaired) = syn::parse_str::<Ident>(&word) else {
            self.wrong(
                self.value,
                what,
                format!("write `{} = ..` with a word such as `relu`", self.option),
            );
            return None;
        };
        let positional = self.layer == "Activation";
        let help = if positional {
            format!("write `Activation({word})`")
        } else {
            format!("write `{} = {word}`", self.option)
        };
        self.wrong(self.value, what, help);
        repaired.set_span(self.value.span());
        Some(repaired.into_token_stream())
    }
}

/// The word that is meant, and what is wrong with how it is written. Anything that could be right in Rust, such as a
/// `const fn` of the user's own or a field of a constant, is left to rustc.
fn python_word(value: &Expr) -> Option<(String, &'static str)> {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(string),
            ..
        }) => Some((keras::word(&string.value()), "is a word, not a string")),
        Expr::Lit(ExprLit {
            lit: Lit::Char(character),
            ..
        }) => Some((character.value().to_string(), "is a word, not a character")),
        Expr::Call(call) if call.args.is_empty() => {
            let name = match bare(&call.func) {
                Expr::Path(path) => path.path.get_ident()?.to_string(),
                Expr::Field(field) if is_python_module(&field.base) => member(&field.member)?,
                _ => return None,
            };
            let word = keras::word(&name);
            keras::is_word(&word).then_some((word, "is a word, without parentheses"))
        }
        Expr::MethodCall(call) if is_python_module(&call.receiver) => Some((
            keras::word(&call.method.to_string()),
            "is a word, without a module in front of it",
        )),
        Expr::Field(field) if is_python_module(&field.base) => Some((
            keras::word(&member(&field.member)?),
            "is a word, without a module in front of it",
        )),
        _ => None,
    }
}

fn member(member: &Member) -> Option<String> {
    match member {
        Member::Named(name) => Some(name.to_string()),
        Member::Unnamed(_) => None,
    }
}

/// `tf.nn`, `keras.activations`
fn is_python_module(value: &Expr) -> bool {
    match bare(value) {
        Expr::Field(field) => is_python_module(&field.base),
        Expr::Path(path) => path.path.get_ident().is_some_and(|name| {
            ["tf", "keras", "nn", "activations", "initializers", "layers"]
                .iter()
                .any(|module| name == module)
        }),
        _ => false,
    }
}
