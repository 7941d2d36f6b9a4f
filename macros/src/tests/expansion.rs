//! What a network becomes, in pieces that are read in review.

use super::expansion;

const LETTERS: &str = "
    /// The convnet of the letters lesson.
    pub Letters: (SIDE, Self::W, 1) => 10 {
        /// The first look.
        Conv2D(16, 3, activation = relu),
        Flatten(),
        hidden: Dense(units = 64),
        Dense(10, activation = softmax),
    }";

/// Asserts that the expansion has these lines, wherever they are broken.
#[track_caller]
fn has(expansion: &str, lines: &str) {
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    assert!(
        plain(expansion).contains(&plain(lines)),
        "{lines}\n-- is not in --\n{expansion}"
    );
}

#[test]
fn the_network_is_a_type_without_values() {
    has(
        &expansion(LETTERS),
        "/// The convnet of the letters lesson.
        #[derive(
            ::core::clone::Clone,
            ::core::marker::Copy,
            ::core::fmt::Debug,
            ::core::default::Default,
            ::core::cmp::PartialEq,
            ::core::cmp::Eq,
            ::core::hash::Hash,
        )]
        pub struct Letters;
        #[allow(unexpected_cfgs)]
        const _: () = {
            use ::addax::__private as __addax;
            const __INPUT: __addax::Shape = __addax::Shape::new([SIDE, Letters::W, 1]).named(\"the input\");",
    );
}

#[test]
fn a_layer_is_three_constants_and_a_report() {
    has(
        &expansion(LETTERS),
        "const __LAYER_0: __Layer_0 = {
            use ::addax::words::*;
            __Layer_0 {
                activation: relu,
                ..<__Layer_0>::new(16, [3, 3])
            }
        };
        const __OUTCOME_0: __addax::Outcome = <__Layer_0>::output(&__LAYER_0, &[__INPUT]);
        const _: () = (__addax::report)(&__OUTCOME_0);
        const __SHAPE_0: __addax::Shape = __OUTCOME_0.shape(\"`Conv2D(16, 3, activation = relu)`\");",
    );
}

#[test]
fn what_is_given_by_name_is_a_field() {
    has(
        &expansion(LETTERS),
        "#[allow(clippy::needless_update)]
        const __LAYER_2: __Layer_2 = {
            use ::addax::words::*;
            __Layer_2 {
                units: 64,
                ..<__Layer_2>::new(0)
            }
        };",
    );
}

#[test]
fn layers_have_places_and_fields() {
    let code = expansion(LETTERS);
    has(
        &code,
        "impl __addax::Place for __Place_2 {
            type Layer = Dense;
            const LAYER: __Layer_2 = __LAYER_2;
            const INDEX: u32 = 2u32;
        }",
    );
    has(
        &code,
        "pub struct Layers<__E: __addax::Dtype, __D: __addax::DfdxDevice<__E>> {
            /// `Conv2D(16, 3, activation = relu)`
            ///
            /// The first look.
            pub conv2d: __addax::Built<__Place_0, __E, __D>,
            /// `Flatten()`
            pub flatten: __addax::Built<__Place_1, __E, __D>,
            /// `Dense(units = 64)`
            pub hidden: __addax::Built<__Place_2, __E, __D>,
            /// `Dense(10, activation = softmax)`
            pub dense: __addax::Built<__Place_3, __E, __D>,
        }",
    );
}

#[test]
fn the_layers_run_one_after_the_other() {
    has(
        &expansion(LETTERS),
        "let __value = input;
        let __value = self.conv2d.forward(__value)?;
        let __value = self.flatten.forward(__value)?;
        let __value = self.hidden.forward(__value)?;
        let __value = self.dense.forward(__value)?;
        __addax::finish::<__Shape_3, __Output, __B, __D, __T>(__value)",
    );
}

#[test]
fn more_than_six_layers_are_nested_for_dfdx() {
    let layers = "Dense(2), ".repeat(8);
    let code = expansion(&format!("Deep: 2 => 2 {{ {layers} }}"));
    has(&code, "__layer_5,), (__layer_6, __layer_7),)|");
    has(&code, "Layers { dense: __layer_0, dense_1: __layer_1,");
}

#[test]
fn an_expression_is_a_block_with_the_network_as_its_value() {
    let code = expansion("(4, 4, 1) => 3 { Flatten(), Dense(3) }");
    has(&code, "struct __Network;");
    has(&code, "const NAME: &'static str = \"network\";");
    assert!(
        code.trim_end()
            .trim_end_matches(['}', ' ', '\n'])
            .ends_with("__Network"),
        "{code}"
    );
}

#[test]
fn pairs_of_constants_are_told_apart_by_type() {
    let code = expansion("Letters: (8, 8, 1) => 4 { MaxPooling2D(POOL, strides = 2) }");
    has(&code, "pool_size: __OneOrTwo(POOL).height_and_width(),");
    has(&code, "strides: ::core::option::Option::Some([2, 2]),");
    assert!(
        !expansion(LETTERS).contains("__OneOrTwo"),
        "only where it is needed"
    );
}

#[test]
fn a_mistake_in_one_layer_leaves_the_names() {
    let code = expansion("Letters: 8 => 4 { Dense(), hidden: Dense(64), Dense(4) }");
    has(&code, "`Dense` needs `units`");
    has(
        &code,
        "const __OUTCOME_0: __addax::Outcome = __addax::Outcome::ok(__addax::Shape::UNKNOWN);",
    );
    has(&code, "pub hidden: __addax::Built<__Place_1, __E, __D>,");
    // The other layers are checked, but nothing is compiled that could not run.
    has(&code, "const _: () = (__addax::report)(&__OUTCOME_1);");
    has(&code, "fn graph() -> __addax::Graph { loop {} }");
}

#[test]
fn a_network_that_was_not_understood_leaves_its_name() {
    for declaration in [
        "pub Letters<const N: usize, T>: (N, N) => 10 { Flatten() }",
        "pub Letters: (image: 8) => (digit: 2) { let digit = Dense(2)(image); }",
        "pub Letters",
    ] {
        let code = expansion(declaration);
        has(&code, "pub struct Letters");
        has(&code, "pub fn build<__D: __addax::Device>");
        assert!(code.contains("__addax::Network for Letters"), "{code}");
    }
}

#[test]
fn a_condition_stands_in_front_of_every_item() {
    let code = expansion("#[cfg(big)] Letters: 8 => 4 { Dense(4) }");
    assert_eq!(code.matches("#[cfg(big)]").count(), 2, "{code}");
}

#[test]
fn what_is_for_editors_is_left_out_by_rustc() {
    let code = expansion("Letters: 8 => 4 { Dense(64, acti), Activation(relu), Dense(4, SIDE) }");
    has(
        &code,
        "#[cfg(rust_analyzer)]
        const _: () = {
            use ::addax::layers::*;
            const _: () = {
                type __Layer = Dense;
                const _: __Layer = __Layer { acti: loop {}, ..loop {} };
            };
            const _: Dense = loop {};
            const _: Activation = loop {};
            const _: Dense = loop {};
        };",
    );
    // Of the arguments without a name only the one that can become an option.
    assert_eq!(code.matches("..loop {}").count(), 1, "{code}");
}
