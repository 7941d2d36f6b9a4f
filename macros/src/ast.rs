//! What the user wrote, as a tree that keeps the user's tokens.

use crate::errors::Place;
use proc_macro2::{Ident, Span, TokenStream};
use syn::{Expr, Generics, Path, Visibility};

/// A whole declaration.
#[derive(Debug)]
pub(crate) struct Network {
    /// Doc comments and attributes, as written.
    pub(crate) attributes: Vec<TokenStream>,
    /// Lints that the attributes silence; they are not among them any more.
    pub(crate) silenced: Vec<Ident>,
    pub(crate) visibility: Visibility,
    pub(crate) name: Name,
    /// Its parameters, all of which are sizes.
    pub(crate) generics: Generics,
    /// What the network takes: at least one, unless the header could not be read at all.
    pub(crate) inputs: Vec<Port>,
    /// What it gives.
    pub(crate) outputs: Vec<Port>,
    /// What it may cost.
    pub(crate) budget: Vec<Limit>,
    pub(crate) body: Body,
}

/// One limit of a budget: `params < 50_000`.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) quantity: Quantity,
    /// `<=`, not `<`.
    pub(crate) at_most: bool,
    pub(crate) limit: Expr,
    pub(crate) place: Place,
}

/// What a budget can limit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Quantity {
    Params,
    Macs,
    WeightBytes,
    ActivationBytes,
}

/// What the network is called, which also tells whether it is an item or an expression.
#[derive(Debug)]
pub(crate) enum Name {
    /// An item.
    Named(Ident),
    /// An expression: `network!((28, 28, 1) => 10 { .. })`.
    Expression,
    /// An item whose name could not be read.
    Missing,
}

/// What stands in the braces.
#[derive(Debug)]
pub(crate) enum Body {
    /// Layers one after the other, in braces at this place.
    List(Vec<Step>, Span),
    /// Values with names.
    Graph(Graph),
    /// Something that could not be read at all, or is not supported yet.
    Unreadable,
}

/// An input or an output: `image: (28, 28, 1)`.
#[derive(Debug)]
pub(crate) struct Port {
    /// `None` in front of a list, which needs no names.
    pub(crate) name: Option<Ident>,
    /// `None` if it could not be read.
    pub(crate) shape: Option<Shape>,
}

/// The shape of one sample as written: `(28, 28, 1)` or `10`.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) sizes: Vec<Expr>,
    pub(crate) place: Place,
}

/// The body of a network with named inputs and outputs.
#[derive(Debug)]
pub(crate) struct Graph {
    /// All layers in the order in which they are written. Values name them by their index.
    pub(crate) layers: Vec<Layer>,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) braces: Span,
    /// Something could not be read, so that a name that seems to be missing or unused may stand there.
    pub(crate) incomplete: bool,
}

/// `let x = ..;`
#[derive(Debug)]
pub(crate) struct Binding {
    /// `None` if it could not be read.
    pub(crate) name: Option<Ident>,
    pub(crate) value: Value,
}

/// What stands behind the `=` of a `let`, or between the parentheses of an applied layer.
#[derive(Debug)]
pub(crate) enum Value {
    /// `x`
    Name(Ident),
    /// `Dense(64)`: a layer that is not applied.
    Layer(usize),
    /// `Dense(64)(x)`, `tower(x)`, `x + y`
    Call(Call),
    /// Something that could not be read.
    Hole,
}

/// A layer that is applied.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) callee: Callee,
    /// Empty if what it is applied to could not be read.
    pub(crate) inputs: Vec<Value>,
    /// How messages show it, and where. `None` for a layer that is written right here: it is shown without its inputs, as
    /// in a list.
    pub(crate) written: Option<(String, Place)>,
}

/// What is applied.
#[derive(Debug)]
pub(crate) enum Callee {
    /// A layer written right here.
    Layer(usize),
    /// One that a `let` has named.
    Name(Ident),
}

/// One place in a list of layers.
#[derive(Debug)]
pub(crate) enum Step {
    Layer(Layer),
    /// Something that is not a layer: what comes out of it is unknown.
    Hole,
}

/// One layer: `hidden: Dense(64, activation = relu)`.
#[derive(Debug)]
pub(crate) struct Layer {
    /// Doc comments.
    pub(crate) docs: Vec<TokenStream>,
    /// The name in front of the colon.
    pub(crate) label: Option<Ident>,
    /// A type, so that a layer can be one of the user's own.
    pub(crate) path: Path,
    pub(crate) arguments: Vec<Argument>,
    /// The span of the parentheses, or of the name if there are none.
    pub(crate) last: Span,
    /// How often the layer stands here, one behind the other: `3 * Dense(64)`.
    pub(crate) times: usize,
    /// Some argument could not be read, so that nothing can be said about what the layer gives.
    pub(crate) incomplete: bool,
}

/// One argument.
#[derive(Debug)]
pub(crate) struct Argument {
    /// The name in front of `=`.
    pub(crate) name: Option<Ident>,
    pub(crate) value: Expr,
}

impl Layer {
    /// A layer without arguments, at one place.
    pub(crate) fn bare(name: &str, span: Span) -> Layer {
        Layer {
            docs: Vec::new(),
            label: None,
            path: Ident::new(name, span).into(),
            arguments: Vec::new(),
            last: span,
            times: 1,
            incomplete: false,
        }
    }

    /// The layer's own name, the last part of its path.
    pub(crate) fn kind(&self) -> Option<&Ident> {
        self.path.segments.last().map(|segment| &segment.ident)
    }

    /// The name, if it stands alone: then it is a layer of Addax, since those are nearer than the user's own.
    pub(crate) fn plain_name(&self) -> Option<String> {
        self.path.get_ident().map(Ident::to_string)
    }

    /// All of the layer but its label.
    pub(crate) fn place(&self) -> Place {
        let first = match self.path.segments.first() {
            Some(segment) => segment.ident.span(),
            None => self.last,
        };
        Place {
            first,
            last: self.last,
        }
    }
}
