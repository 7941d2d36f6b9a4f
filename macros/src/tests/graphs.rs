//! The mistakes of graphs: each gives its message, the only one.

use super::messages;

/// A network with one input and one output.
fn with_lines(lines: &str) -> String {
    format!("pub Letters: (image: (28, 28, 1)) => (digit: 10) {{ {lines} }}")
}

#[track_caller]
fn says(lines: &str, problem: &str, help: &str) {
    declaration_says(&with_lines(lines), problem, help);
}

#[track_caller]
fn declaration_says(declaration: &str, problem: &str, help: &str) {
    assert_eq!(
        messages(declaration),
        [format!("{problem}\nhelp: {help}")],
        "{declaration}"
    );
}

#[test]
fn what_is_right_gives_no_message() {
    for lines in [
        "let digit = Dense(10)(Flatten()(image));",
        "let x = Flatten()(image); let digit = Dense(10)(x);",
        "/// Docs.\n let x = Flatten()(image); let x = x; let digit = hidden: Dense(10)(x);",
        "let digit = self::Merge()([image, image]);",
        "let digit = self::Merge()([image, image,],);",
        "let digit = image + image * image - (image);",
        "let digit = self::Merge()(image + image, Flatten()(image),);",
        "let tower = Dense(64); let x = tower(image); let digit = tower(tower(x));",
        "let tower = encoder: Dense(64); let x = tower(image); let tower = tower(x); let digit = tower;",
        "let f = Flatten(); let g = f; let digit = g(image);",
        "let image = Flatten()(image); let digit = Dense(10)(image);",
        "let r#type = Flatten()(image); let digit = Dense(10)(r#type);",
        "let digit = crate::layers::Halve::<2>(3, option = \"text\")(image);",
    ] {
        assert_eq!(messages(&with_lines(lines)), [] as [&str; 0], "{lines}");
    }
    for declaration in [
        "Faces: (a: 3, b: (3, 3)) => (c: 3) { let c = self::Merge()(a, b); }",
        "Faces: (a: 3) => (b: 3, c: SIDE) { let b = Dense(3)(a); let c = Dense(SIDE)(b); }",
        "(a: 3) => (b: 3) { let b = Dense(3)(a); }",
        "Faces: (a: 3) => (a: 4) { let a = Dense(4)(a); }",
    ] {
        assert_eq!(messages(declaration), [] as [&str; 0], "{declaration}");
    }
}

#[test]
fn names_are_looked_up_line_by_line() {
    says(
        "let digit = Dense(10)(Flatten()(imag));",
        "there is no value `imag`",
        "write `image`",
    );
    says(
        "let x = Flatten()(image); let digit = Dense(10)(zebra);",
        "there is no value `zebra`",
        "the values here are `image` and `x`",
    );
    says(
        "let digit = Dense(10)(photograph);",
        "there is no value `photograph`",
        "the value here is `image`",
    );
    // The functional example of the lecture.
    says(
        "let x = Flatten()(x); let digit = Dense(10)(x);",
        "`x` is made of itself: it has no value in front of this line",
        "the value here is `image`",
    );
    says(
        "let x = Flatten()(x); let x = Dense(3)(x); let digit = Dense(10)(x);",
        "`x` is made of itself: it has no value in front of this line",
        "the value here is `image`",
    );
    says(
        "let digit = Dense(10)(x); let x = Flatten()(image);",
        "`x` has no value yet: its `let` stands further down",
        "move that line in front of this one",
    );
    says(
        "let x = Flatten()(y); let y = Flatten()(x); let digit = Dense(10)(y);",
        "`x` is made of `y`, and `y` of `x`",
        "a network has no loops: one of them must be made of something else",
    );
    says(
        "let x = Flatten()(z); let y = Dense(3)(x); let z = Dense(3)(y); let digit = Dense(10)(z);",
        "`x` is made of `z`, and `z` of `x`",
        "a network has no loops: one of them must be made of something else",
    );
    says(
        "let x = Dense(3)(image); let x = tower(x); let tower = Dense(3); let digit = Dense(10)(x);",
        "`tower` has no value yet: its `let` stands further down",
        "move that line in front of this one",
    );
}

#[test]
fn everything_is_used() {
    says(
        "let x = Flatten()(image); let y = Dense(3)(x); let digit = Dense(10)(x);",
        "the value `y` is never used",
        "take the line out, or make an output of it: `=> (digit: .., y: ..)`",
    );
    says(
        "let x = Flatten()(image); let x = Flatten()(image); let digit = Dense(10)(x);",
        "this `x` is never used: a `let x` further down hides it",
        "use it there, or give one of them another name",
    );
    says(
        "let tower = Dense(3); let digit = Dense(10)(image);",
        "the layer `tower` is never applied",
        "apply it to a value: `tower(image)`",
    );
    declaration_says(
        "Faces: (image: 3, age: 1) => (race: 5) { let race = Dense(5)(image); }",
        "the input `age` is never used",
        "apply a layer to it, or take it out of the header",
    );
}

#[test]
fn every_output_is_made() {
    declaration_says(
        "Faces: (image: 3) => (race: 5, glad: 1) { let race = Dense(5)(image); }",
        "the output `glad` is never made",
        "write `let glad = ..;`",
    );
    declaration_says(
        "Faces: (image: 3) => (race: 5) { let rase = Dense(5)(image); }",
        "the output `race` is never made",
        "write `let race = ..;` for `let rase = ..;`",
    );
    declaration_says(
        "Faces: (image: 3) => (race: 5) { let x = Dense(4)(image); let x = Dense(5)(x); }",
        "the output `race` is never made",
        "write `let race = ..;` for `let x = ..;`",
    );
    declaration_says(
        "Faces: (image: 3) => (image: 3, race: 5) { let race = Dense(5)(image); }",
        "the output `image` is the input `image` as it is",
        "write `let image = ..;`, or give them different names",
    );
    says(
        "let digit = Dense(10);",
        "the output `digit` is a layer that is applied to nothing",
        "write `let digit = Dense(10)(image);`",
    );
    says(
        "",
        "a network has at least one layer",
        "write one in the braces: `let digit = Dense(10)(image);`",
    );
}

#[test]
fn only_layers_are_applied_and_only_values_are_given() {
    says(
        "let x = Flatten(); let digit = Dense(10)(x);",
        "`x` is a layer that is applied to nothing",
        "apply it where it is made: `let x = Flatten()(image);`",
    );
    says(
        "let digit = Dense(10)(Flatten());",
        "`Flatten()` is applied to nothing",
        "write `Flatten()(image)`",
    );
    says(
        "let digit = image(image);",
        "`image` is a value, and only a layer is applied",
        "a layer is bound without being applied: `let tower = Dense(64);`",
    );
    says(
        "let x = Flatten()(image); let digit = x(image);",
        "`x` is a value, and only a layer is applied",
        "a layer is bound without being applied: `let tower = Dense(64);`",
    );
    says(
        "let digit = Dense(10)();",
        "`Dense(10)` is applied to no value",
        "write one in these parentheses: `Dense(..)(image)`",
    );
    says(
        "let digit = Flatten()();",
        "`Flatten()` is applied to no value",
        "write one in these parentheses: `Flatten()(image)`",
    );
    says(
        "let f = Flatten(); let digit = f();",
        "`f` is applied to no value",
        "write one in these parentheses: `f(image)`",
    );
    says(
        "let digit = Dense(10)(image)(image);",
        "in front of this stands a value, and only a layer is applied",
        "take these parentheses out",
    );
    for (line, help) in [
        ("let digit = Flatten(image);", "write `Flatten()(image)`"),
        ("let digit = flatten(image);", "write `Flatten()(image)`"),
        (
            "let digit = relu(image);",
            "write `Activation(relu)(image)`",
        ),
        ("let digit = Dense(image);", "write `Dense(10)(image)`"),
        (
            "let digit = Merge([image, image]);",
            "write `Merge()([image, image])`",
        ),
    ] {
        says(
            line,
            "a layer has parentheses of its own, in front of those with the values",
            help,
        );
    }
    says(
        "let digit = Dense(10, image);",
        "a value does not stand among the arguments of a layer",
        "write it in parentheses of its own: `Dense(10)(image)`",
    );
}

#[test]
fn lines_are_lets() {
    says(
        "Flatten(), Dense(10),",
        "with named inputs and outputs, each layer is applied to a value",
        "write `let x = Flatten()(image);` for each layer, or take the names out of the header",
    );
    says(
        "x = Flatten()(image); digit = Dense(10)(x);",
        "a value is made with `let`",
        "write `let x = ..;`",
    );
    says(
        "let x = Flatten()(image) let digit = Dense(10)(x)",
        "`;` is missing in front of this",
        "write `;` behind each `let x = ..`",
    );
    says(
        "let x = Flatten()(image); let digit = Dense(10)(x)",
        "`;` is missing behind this",
        "write `;` behind each `let x = ..`",
    );
    says(
        "let x = Flatten()(image), let digit = Dense(10)(x),",
        "a `let` ends with `;`",
        "write `;` for each `,`",
    );
    says(
        "let digit = Flatten()(image); Dense(10)(digit);",
        "what this gives has no name",
        "write `let x = ..;`",
    );
    says(
        "let digit = Flatten()(image); digit",
        "this line does nothing",
        "take it out; the outputs stand in the header",
    );
    says(
        "let digit = Flatten()(image); return digit;",
        "a graph has no `return`",
        "the outputs stand in the header; take this line out",
    );
    says(
        "let digit = Flatten()(image); model = keras.Model(image, digit);",
        "`network!` is the model: its inputs and outputs stand in the header",
        "take this line out",
    );
    says(
        "model.add(Flatten()); model.add(Dense(10));",
        "a layer is applied to a value, not added to a model",
        "write `let x = Dense(10)(image);`",
    );
    says(
        "for i in 0..3 { let x = Dense(3)(image); }",
        "a graph has no `for`",
        "write `let x = Layer(..)(value);` for each layer",
    );
}

#[test]
fn a_let_has_one_name_and_no_type() {
    says(
        "let mut digit = Dense(10)(image);",
        "a value does not change",
        "take `mut` out; another `let` of the same name hides it",
    );
    says(
        "let (a, b) = Dense(10)(image); let digit = Dense(10)(image);",
        "a layer gives one value, and it has one name",
        "write `let x = ..;`",
    );
    says(
        "let _ = Dense(10)(image); let digit = Dense(10)(image);",
        "a value without a name is never used",
        "give it a name, or take the line out",
    );
    says(
        "let type = Dense(10)(image); let digit = Dense(10)(image);",
        "`type` is a word of Rust and cannot name a value",
        "choose another name",
    );
    says(
        "let digit: Tensor = Dense(10)(image);",
        "the type of a value is worked out from its shape",
        "take it out: `let x = ..;`",
    );
    says(
        "let digit Dense(10)(image);",
        "`=` is missing behind the name of the value",
        "write `let x = ..;`",
    );
    says(
        "let = Dense(10)(image); let digit = Dense(10)(image);",
        "the name of the value is missing",
        "write `let x = ..;`",
    );
    says(
        "let digit = ;",
        "a value is missing here",
        "write a layer that is applied: `Dense(10)(image)`",
    );
    says(
        "let digit",
        "a value is missing here",
        "write a layer that is applied: `Dense(10)(image)`",
    );
}

#[test]
fn values_are_names_layers_and_three_operators() {
    says(
        "let digit = Dense(10)(5);",
        "this is not a value",
        "a value is an input, the name of a `let`, or an applied layer: `Dense(10)(image)`",
    );
    says(
        "let digit = image / image;",
        "values have no operator `/`",
        "they have `+`, `-` and `*`; anything else is a layer",
    );
    says(
        "let digit = Dense(10)(&image);",
        "values are not borrowed",
        "take `&` out; a value may be used as often as you like",
    );
    says(
        "let digit = image.flatten();",
        "`image` is a value and has no methods",
        "apply a layer to it: `Flatten()(image)`",
    );
    says(
        "let digit = 3 * Dense(10)(image);",
        "layers are repeated in a list, and this is a graph",
        "write each one out, or put them into a network of their own, which is a layer of this one",
    );
    says(
        "let digit = a: 3 * Dense(10)(image);",
        "layers are repeated in a list, and this is a graph",
        "write each one out, or put them into a network of their own, which is a layer of this one",
    );
    says(
        "let digit = self::Merge()((image, image));",
        "these parentheses hold more than one value",
        "values are put together by a layer: `Add()(x, y)`",
    );
    says(
        "let digit = self::Merge()(image image);",
        "`,` is missing in front of this value",
        "write a comma between two values",
    );
    says(
        "let digit = self::Merge()(image,, image);",
        "there is no value in front of this comma",
        "take the comma out",
    );
    says(
        "let digit = Dropout(0.5)(image, training = true);",
        "`training` is no value",
        "take it out; `fit` trains, and `predict` does not",
    );
    says(
        "let x = Flatten()(image); let digit = encoder: x;",
        "only a layer is named this way, and `x` has its name already",
        "take `encoder:` out",
    );
    says(
        "let digit = Flatten()(image) 5;",
        "a value ends here",
        "values are put together by a layer or by an operator: `Add()(x, y)`, `x + y`",
    );
}

#[test]
fn layers_keep_their_names_and_mistakes() {
    says(
        "let a = Dense(3); let digit = a(a(image)) + a: Dense(3)(image);",
        "two layers are called `a`",
        "give one of them another name",
    );
    says(
        "let digit = Dense()(image);",
        "`Dense` needs `units`",
        "write `Dense(10)`",
    );
    says(
        "let digit = Dense(10, name = \"last\")(image);",
        "the name of a layer stands in front of it",
        "write `last: Dense(..)`",
    );
    says(
        "let x = GRU(3)(image); let digit = Dense(10)(x);",
        "`GRU` is not in Addax yet",
        "a layer of your own with this name is written with its path: `self::GRU(..)`",
    );
    says(
        "let image = Input(shape = (28, 28, 1)); let digit = Dense(10)(image);",
        "the input shape stands in front of `=>` and is not a layer",
        "take `Input(..)` out and write `(28, 28, 1) => 10 { .. }`",
    );
}

#[test]
fn headers_of_graphs_are_named_on_both_sides() {
    declaration_says(
        "Letters: (image: (28, 28, 1)) => 10 { let digit = Dense(10)(image); }",
        "the output has no name, but the input has one",
        "write `(digit: 10)`",
    );
    declaration_says(
        "Letters: (28, 28, 1) => (digit: 10) { let digit = Dense(10)(photo); }",
        "the input has no name, but the output has one",
        "write `(image: (28, 28, 1))`",
    );
    declaration_says(
        "Letters: (28, 28, 1) => 10 { let x = Flatten()(input); let x = Dense(10)(x); }",
        "values have names only where the inputs and outputs have some",
        "write `(image: (28, 28, 1)) => (x: 10)`, or each layer alone and without `let`: `Dense(10),`",
    );
    declaration_says(
        "Letters: (image: 28) => 10 { Dense(10) }",
        "in a list of layers inputs and outputs have no names",
        "take the names out: `(28, 28, 1) => 10`",
    );
    for (header, problem, help) in [
        (
            "(a: 3, a: 3) => (b: 3)",
            "two inputs are called `a`",
            "give one of them another name",
        ),
        (
            "(a: 3) => (b: 3, b: 3)",
            "two outputs are called `b`",
            "give one of them another name",
        ),
        (
            "(a: 3, 4) => (b: 3)",
            "this input has no name",
            "write `name: 4`",
        ),
        (
            "(a: 3, c: ) => (b: 3)",
            "the input `c` has no shape",
            "write `c: (28, 28, 1)`",
        ),
        (
            "(a: 3, c = 3) => (b: 3)",
            "the name of an input is followed by `:`",
            "write `c: ..`",
        ),
        (
            "(a: 3, \"c\": 3) => (b: 3)",
            "the name of an input is a word, not a string",
            "write `c: ..`",
        ),
        (
            "(a: 3, type: 3) => (b: 3)",
            "`type` is a word of Rust and cannot name an input",
            "choose another name",
        ),
        (
            "(a: 3,, c: 3) => (b: 3)",
            "there is no input in front of this comma",
            "take the comma out",
        ),
        (
            "(a: 3; c: 3) => (b: 3)",
            "inputs are separated by `,`",
            "write `,`",
        ),
        (
            "(/// Docs.\n a: 3, c: 3) => (b: 3)",
            "an input takes no doc comment",
            "write it in front of the network or of a layer",
        ),
        (
            "(a: 3, c: 0) => (b: 3)",
            "a size cannot be 0",
            "a size is a whole number from 1, such as `28`",
        ),
    ] {
        let body = if header.contains('c') {
            "let b = self::Merge()(a, c);"
        } else {
            "let b = Dense(3)(a);"
        };
        declaration_says(&format!("Letters: {header} {{ {body} }}"), problem, help);
    }
    let many: String = (0..23).map(|i| format!("a{i}: 3, ")).collect();
    assert_eq!(
        messages(&format!(
            "Letters: ({many}) => (b: 3) {{ let b = Dense(3)(a0); }}"
        ))
        .first()
        .map(String::as_str),
        Some("a network has at most 22 inputs\nhelp: put some of them into one vector")
    );
    declaration_says(
        "(a: 3, b: 3) => (c: 3) { let c = self::Merge()(a, b); }",
        "a network with several inputs needs a name",
        "declare it as an item: `network! { Faces: (..) => (..) { .. } }`",
    );
}

#[test]
fn a_parameter_is_no_value() {
    for declaration in [
        "Letters<const N: usize>: (N: 3) => (y: 3) { let y = Dense(3)(N); }",
        "Letters<const N: usize>: (x: 3) => (N: 3) { let y = Dense(3)(x); }",
        "Letters<N>: (x: 3) => (y: 3) { let N = Dense(3)(x); let y = Dense(3)(N); }",
    ] {
        declaration_says(
            declaration,
            "`N` is a parameter of this network, and no value can be called that",
            "choose another name",
        );
    }
}

#[test]
fn several_mistakes_are_reported_together() {
    let problems: Vec<_> = messages(
        "pub Faces: (image: (28, 28, 1), age: 1) => (race: 5, glad: 1) {
            let x = Flatten()(imag);
            let y = Dense(64, activation = \"relu\")(x);
            z = Dense(3)(y);
            let race = softmax(z);
            let glad = Dense(1)(q) / 2;
        }",
    )
    .iter()
    .map(|message| message.lines().next().unwrap_or_default().to_owned())
    .collect();
    assert_eq!(
        problems,
        [
            "a value is made with `let`",
            "a layer has parentheses of its own, in front of those with the values",
            "values have no operator `/`",
            "this is not a value",
            "`activation` of `Dense` is a word, not a string",
            "there is no value `imag`",
        ]
    );
}
