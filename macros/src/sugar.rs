//! From Keras' way of calling a layer to Rust's.
//!
//! `Conv2D(16, kernel_size = 3, activation = relu)` becomes
//! `Conv2D { kernel_size: [3, 3], activation: relu, ..Conv2D::new(16, [0, 0]) }`: what is given by name is a field, so that
//! rustc knows the option, checks its type and suggests the right spelling, and an editor completes it.

use crate::ast::{Argument, Layer};
use crate::errors::{Errors, Place};
use crate::keras::{self, Kind, OptionName, Signature};
use crate::{names, text, value};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Expr;
use syn::spanned::Spanned;

/// How Rust makes the layer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Construction {
    /// The arguments of `new`.
    pub(crate) new: Vec<TokenStream>,
    /// The fields that differ from what `new` gives.
    pub(crate) fields: Vec<(Ident, TokenStream)>,
    /// Some argument of `new` is the user's.
    pub(crate) positional: bool,
    /// Some value is one number or two, and only its type tells.
    pub(crate) one_or_two: bool,
}

/// Puts the arguments of `layer` in their places. `None` if some are missing; why has been noted then.
pub(crate) fn construction(layer: &mut Layer, errors: &mut Errors) -> Option<Construction> {
    check_order(&layer.arguments, errors);
    match layer.plain_name().as_deref().and_then(keras::signature) {
        Some(signature) => {
            rename_options(layer, errors);
            known_layer(layer, signature, errors)
        }
        None => own_layer(layer),
    }
}

/// `Conv2D(activation = relu, 16)`
fn check_order(arguments: &[Argument], errors: &mut Errors) {
    let first_option = arguments
        .iter()
        .position(|argument| argument.name.is_some());
    let late = arguments
        .iter()
        .skip(first_option.unwrap_or(arguments.len()))
        .filter(|argument| argument.name.is_none());
    for argument in late {
        errors.push_help(
            place(argument),
            "an argument without a name stands in front of the options",
            "move it to the front, or give it its name: `name = value`",
        );
    }
}

/// Options that Keras knows and Addax does not, or not under that name.
fn rename_options(layer: &mut Layer, errors: &mut Errors) {
    let kind = layer.plain_name().unwrap_or_default();
    for mut argument in std::mem::take(&mut layer.arguments) {
        let Some(name) = argument.name.clone() else {
            layer.arguments.push(argument);
            continue;
        };
        let value = text::tokens(argument.value.to_token_stream());
        let place = place(&argument);
        match keras::option(&kind, &name.to_string()) {
            OptionName::Other => layer.arguments.push(argument),
            OptionName::Written(now) => {
                errors.push_help(
                    name.span(),
                    format!("the option `{name}` of `{kind}` is called `{now}`"),
                    format!("write `{now} = {value}`"),
                );
                argument.name = Some(Ident::new(now, name.span()));
                layer.arguments.push(argument);
            }
            OptionName::Input => errors.push_help(
                place,
                "the input shape stands once, in front of `=>`, and not on a layer",
                format!(
                    "take `{name}` out and write `{value} => ..` in the first line of the network"
                ),
            ),
            OptionName::Label => {
                let word = value.trim_matches('"');
                errors.push_help(
                    place,
                    "the name of a layer stands in front of it",
                    format!("write `{word}: {kind}(..)`"),
                );
                if layer.label.is_none()
                    && let Ok(mut label) = syn::parse_str::<Ident>(word)
                {
                    label.set_span(argument.value.span());
                    layer.label = Some(label);
                }
            }
            OptionName::LeaveOut(reason) => errors.push_help(
                place,
                format!("`{kind}` has no option `{name}`: {reason}"),
                "take it out",
            ),
            OptionName::NotYet => {
                errors.push_help(
                    place,
                    format!("the option `{name}` of `{kind}` is not in Addax yet"),
                    "take it out",
                );
                layer.incomplete = true;
            }
        }
    }
}

/// A layer of Addax: arguments in Keras' order or by name.
fn known_layer(layer: &Layer, signature: &Signature, errors: &mut Errors) -> Option<Construction> {
    let name = layer.plain_name().unwrap_or_default();
    let mut complete = !layer.incomplete;
    let mut given: Vec<(String, &Argument)> = Vec::new();
    let mut order = signature.required.iter().chain(signature.optional);
    for argument in &layer.arguments {
        let option = match &argument.name {
            Some(option) => names::plain(option),
            None => match order.next() {
                Some(option) => (*option).to_owned(),
                None => {
                    too_many(argument, signature, &name, errors);
                    complete = false;
                    continue;
                }
            },
        };
        if given.iter().any(|(other, _)| *other == option) {
            errors.push_help(
                place(argument),
                format!("`{option}` of `{name}` is given twice"),
                "take one of them out",
            );
            continue;
        }
        given.push((option, argument));
    }
    let missing: Vec<_> = signature
        .required
        .iter()
        .filter(|required| !given.iter().any(|(option, _)| option == *required))
        .map(|required| format!("`{required}`"))
        .collect();
    if complete && !missing.is_empty() {
        errors.push_help(
            layer.place(),
            format!("`{name}` needs {}", missing.join(" and ")),
            format!("write `{}`", signature.example),
        );
    }
    let mut construction = Construction {
        one_or_two: given.iter().any(|(option, argument)| {
            value::is_one_or_two(&argument.value, signature.kind(option))
        }),
        ..Construction::default()
    };
    for required in signature.required {
        // What has a name is a field; `new` gets something in its place that the field then overrides.
        let kind = signature.kind(required);
        let positional = given
            .iter()
            .find(|(option, argument)| option == required && goes_to_new(argument, kind));
        match positional {
            Some((option, argument)) => {
                let converted = value::convert(&argument.value, kind, option, &name, errors);
                complete &= converted.is_some();
                construction.positional = true;
                construction.new.extend(converted);
            }
            None => construction.new.push(value::placeholder(kind)),
        }
    }
    for (option, argument) in &given {
        let kind = signature.kind(option);
        if goes_to_new(argument, kind) && signature.required.contains(&option.as_str()) {
            continue;
        }
        let Some(mut converted) = value::convert(&argument.value, kind, option, &name, errors)
        else {
            complete = false;
            continue;
        };
        if kind == Kind::Shape {
            converted = quote!(__addax::Shape::new(#converted));
        }
        let field = argument
            .name
            .clone()
            .unwrap_or_else(|| Ident::new(option, Span::call_site()));
        construction.fields.push((field, converted));
    }
    (complete && missing.is_empty()).then_some(construction)
}

/// Whether a required argument is an argument of `new`. Of a function the shapes are taken there, name or not.
fn goes_to_new(argument: &Argument, kind: Kind) -> bool {
    argument.name.is_none() || kind == Kind::Function
}

fn too_many(argument: &Argument, signature: &Signature, name: &str, errors: &mut Errors) {
    let count = match signature.required.len() + signature.optional.len() {
        0 => "no arguments".to_owned(),
        1 => "one argument".to_owned(),
        count => format!("at most {count} arguments"),
    };
    match signature.with_option {
        Some(example) => errors.push_help(
            place(argument),
            format!("`{name}` takes {count} without a name"),
            format!("write the name of the option: `{example}`"),
        ),
        None => errors.push_help(
            place(argument),
            format!("`{name}` takes {count}"),
            format!("write `{}`", signature.example),
        ),
    }
}

/// A layer of the user's own: what has no name goes to its `new`.
fn own_layer(layer: &Layer) -> Option<Construction> {
    let mut construction = Construction::default();
    for argument in &layer.arguments {
        let value = value::plain(&argument.value);
        match &argument.name {
            Some(name) => construction.fields.push((name.clone(), value)),
            None => construction.new.push(value),
        }
    }
    construction.positional = !construction.new.is_empty();
    (!layer.incomplete).then_some(construction)
}

/// Words where a value is due, which may be the beginnings of options: `acti` in `Dense(64, acti)`.
pub(crate) fn half_typed(layer: &Layer) -> Vec<Ident> {
    let name = layer.plain_name();
    let signature = name.as_deref().and_then(keras::signature);
    let takes_word = |position: usize| {
        signature
            .and_then(|signature| Some((signature, signature.required.get(position)?)))
            .is_some_and(|(signature, option)| signature.kind(option) == Kind::Word)
    };
    layer
        .arguments
        .iter()
        .enumerate()
        .filter(|(position, argument)| argument.name.is_none() && !takes_word(*position))
        .filter_map(|(_, argument)| match &argument.value {
            Expr::Path(value) => value.path.get_ident(),
            _ => None,
        })
        // Constants are upper case; `self` and the like are a path, but no name.
        .filter(|word| {
            word.to_string()
                .starts_with(|c: char| c.is_ascii_lowercase())
        })
        .filter(|word| syn::parse2::<Ident>(word.to_token_stream()).is_ok())
        .cloned()
        .collect()
}

fn place(argument: &Argument) -> Place {
    let value = Place::of(&argument.value, Span::call_site());
    match &argument.name {
        Some(name) => Place {
            first: name.span(),
            last: value.last,
        },
        None => value,
    }
}
