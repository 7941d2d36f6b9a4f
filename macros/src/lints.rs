//! `#[allow(addax::softmax_inside)]`: the attributes that silence warnings about a network.

use crate::errors::{Errors, Place};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

/// The lints; what they find stands in the runtime crate.
const LINTS: &[&str] = &[
    "channels_first",
    "dense_without_activation",
    "dropout_at_the_end",
    "softmax_inside",
    "softmax_of_one",
];

/// The attributes that say what becomes of a warning.
const LEVELS: &[&str] = &["allow", "expect", "warn", "deny", "forbid"];

/// Takes the lints of Addax out of the attributes, since rustc knows nothing of them. Gives those that are silenced.
pub(crate) fn take(attributes: &mut Vec<TokenStream>, errors: &mut Errors) -> Vec<Ident> {
    let mut silenced = Vec::new();
    for tokens in std::mem::take(attributes) {
        let Some((level, lints)) = read(&tokens) else {
            attributes.push(tokens);
            continue;
        };
        let (own, others): (Vec<Meta>, Vec<Meta>) = lints
            .into_iter()
            .partition(|lint| lint.path().segments.len() > 1 && is(lint, "addax"));
        if own.is_empty() {
            attributes.push(tokens);
            continue;
        }
        // A reason alone silences nothing.
        if others.iter().any(|lint| !is(lint, "reason")) {
            attributes.push(quote!(#[#level(#(#others),*)]));
        }
        for lint in own {
            silenced.extend(check(&level, &lint, errors));
        }
    }
    silenced
}

/// Whether this attribute says what becomes of warnings.
pub(crate) fn is_level(attribute: &TokenStream) -> bool {
    read(attribute).is_some_and(|(level, _)| level != "expect")
}

/// The level and the lints of an attribute, if it is of this kind.
fn read(tokens: &TokenStream) -> Option<(Ident, Vec<Meta>)> {
    let attribute = Attribute::parse_outer.parse2(tokens.clone()).ok()?.pop()?;
    let level = attribute.path().get_ident()?.clone();
    if !LEVELS.iter().any(|known| level == known) {
        return None;
    }
    let lints = Punctuated::<Meta, Token![,]>::parse_terminated;
    let lints = attribute.parse_args_with(lints).ok()?;
    Some((level, lints.into_iter().collect()))
}

fn is(lint: &Meta, first: &str) -> bool {
    let segments = &lint.path().segments;
    segments
        .first()
        .is_some_and(|segment| segment.ident == first)
}

/// The name of a lint that is silenced, or a note of what is wrong with it.
fn check(level: &Ident, lint: &Meta, errors: &mut Errors) -> Option<Ident> {
    let place = Place::of(lint.to_token_stream(), Span::call_site());
    let name = &lint.path().segments.last()?.ident;
    let text = name.to_string();
    if lint.path().segments.len() != 2 || !LINTS.contains(&text.as_str()) {
        let nearest = nearest(&text);
        errors.push_help(
            place,
            format!("Addax has no lint `{text}`"),
            match nearest {
                Some(nearest) => format!("write `addax::{nearest}`"),
                None => format!("the lints are {}", names()),
            },
        );
        return None;
    }
    match level.to_string().as_str() {
        "allow" => Some(name.clone()),
        "warn" => None,
        level => {
            errors.push_help(
                place,
                format!("a lint of Addax can be allowed, and not `{level}`"),
                if level == "expect" {
                    format!("write `#[allow(addax::{text})]`")
                } else {
                    format!("write `#[{level}(deprecated)]`, which makes errors of all of them")
                },
            );
            None
        }
    }
}

fn names() -> String {
    let names: Vec<_> = LINTS
        .iter()
        .map(|lint| format!("`addax::{lint}`"))
        .collect();
    names.join(", ")
}

/// The lint whose name is most like `text`, if it is like it at all.
fn nearest(text: &str) -> Option<&'static str> {
    let (distance, lint) = LINTS
        .iter()
        .map(|lint| (distance(text, lint), *lint))
        .min()?;
    (distance <= text.len().max(lint.len()) / 3).then_some(lint)
}

/// How many letters differ: Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut above_left = i;
        let mut left = i + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(b.chars()) {
            let change = above_left + usize::from(letter != other);
            above_left = *cell;
            left = change.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_counted_in_letters() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("softmax_inside", "softmax_insde", 1),
            ("flaw", "lawn", 2),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    fn taken(attributes: &[&str]) -> (Vec<String>, Vec<String>, Vec<String>) {
        let mut errors = Errors::default();
        let mut streams = attributes
            .iter()
            .map(|text| text.parse().expect("tokens"))
            .collect();
        let silenced = take(&mut streams, &mut errors);
        (
            silenced.iter().map(ToString::to_string).collect(),
            streams
                .iter()
                .map(|tokens| tokens.to_string().replace(' ', ""))
                .collect(),
            errors.texts().into_iter().map(str::to_owned).collect(),
        )
    }

    #[test]
    fn own_lints_are_taken_out_and_others_stay() {
        let (silenced, attributes, errors) = taken(&[
            "#[allow(addax::softmax_inside, dead_code, addax::softmax_of_one, reason = \"so\")]",
            "#[allow(addax::channels_first, reason = \"so\")]",
            "#[doc = \"x\"]",
            "#[deny(missing_docs)]",
            "#[warn(addax::dropout_at_the_end)]",
        ]);
        assert_eq!(
            silenced,
            ["softmax_inside", "softmax_of_one", "channels_first"]
        );
        assert_eq!(
            attributes,
            [
                "#[allow(dead_code,reason=\"so\")]",
                "#[doc=\"x\"]",
                "#[deny(missing_docs)]"
            ]
        );
        assert_eq!(errors, [] as [&str; 0]);
    }

    #[test]
    fn the_nearest_name_is_told() {
        let (silenced, _, errors) = taken(&[
            "#[allow(addax::softmax_insde)]",
            "#[allow(addax::everything)]",
            "#[deny(addax::softmax_inside)]",
            "#[expect(addax::softmax_inside)]",
        ]);
        assert_eq!(silenced, [] as [&str; 0]);
        assert_eq!(
            errors,
            [
                "Addax has no lint `softmax_insde`\nhelp: write `addax::softmax_inside`",
                "Addax has no lint `everything`\nhelp: the lints are `addax::channels_first`, \
                 `addax::dense_without_activation`, `addax::dropout_at_the_end`, `addax::softmax_inside`, \
                 `addax::softmax_of_one`",
                "a lint of Addax can be allowed, and not `deny`\nhelp: write `#[deny(deprecated)]`, which makes \
                 errors of all of them",
                "a lint of Addax can be allowed, and not `expect`\nhelp: write `#[allow(addax::softmax_inside)]`",
            ]
        );
    }
}
