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
    let plain = |text: &str| {
        let text = text.split_whitespace().collect::<String>();
        // Commas that only a line break brings.
        [")", "]", ">"]
            .iter()
            .fold(text, |text, end| text.replace(&format!(",{end}"), end))
    };
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
            const __INPUT_0: __addax::Shape = __addax::Shape::new([SIDE, Letters::W, 1]).named(\"the input\");",
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
        const __OUTCOME_0: __addax::Outcome = <__Layer_0>::output(&__LAYER_0, &[__INPUT_0]);
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
fn one_axis_stands_for_both_inputs() {
    let code =
        expansion("Net: 4 => 4 { Dot(-1), Dot(axes = (1, 2), normalize = true), Dot(AXES) }");
    has(&code, "<__Layer_0>::new([-1, -1])");
    has(&code, "axes: [1, 2],\n normalize: true,");
    has(&code, "<__Layer_2>::new(AXES)");
}

#[test]
fn a_function_is_given_with_its_type() {
    let code = expansion("Net: 4 => 4 { Lambda(my::f), Lambda(function = g) }");
    has(
        &code,
        "<__Layer_0>::new(&__addax::Typed(my::f, ::core::marker::PhantomData))",
    );
    has(
        &code,
        "<__Layer_1>::new(&__addax::Typed(g, ::core::marker::PhantomData))",
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
    let code = expansion(LETTERS);
    has(
        &code,
        "let [__output_0] = self.__call([__addax::FlatBatch::new::<__Input_0, __B>(input)?])?;
        __output_0.typed::<__Output_0, __B>()",
    );
    has(
        &code,
        "let __value_0 = self.conv2d.call([__input_0], __SHAPE_0)?;
        let __value_1 = self.flatten.call([__value_0], __SHAPE_1)?;
        let __value_2 = self.hidden.call([__value_1], __SHAPE_2)?;
        let __value_3 = self.dense.call([__value_2], __SHAPE_3)?;
        ::core::result::Result::Ok([__value_3])",
    );
    has(
        &code,
        "let mut __graph = __addax::Graph::new(\"Letters\");
        let __input_0 = __graph.input(\"input\", __INPUT_0);
        let __layer_0 = __graph.layer(\"conv2d\", __LAYER_0, &__OUTCOME_0);
        let __value_0 = __graph.call(__layer_0, &__OUTCOME_0, &[__input_0]);",
    );
}

#[test]
fn a_repeated_layer_is_several_with_names_of_their_own() {
    let code = expansion("Deep: 8 => 4 { hidden: 3 * Dense(8), hidden_1: Dense(4), 2 * Dense(4) }");
    for (i, field) in [
        "hidden", "hidden_2", "hidden_3", "hidden_1", "dense", "dense_1",
    ]
    .iter()
    .enumerate()
    {
        has(
            &code,
            &format!("let __layer_{i} = __graph.layer(\"{field}\", __LAYER_{i}, &__OUTCOME_{i});"),
        );
    }
}

#[test]
fn a_network_is_a_layer() {
    let code = expansion("Pair: (a: 8, b: 4) => (c: 4) { let c = Dense(4)(a) + b; }");
    has(
        &code,
        "pub const fn output(&self, inputs: &[__addax::Shape]) -> __addax::Outcome {
            __addax::nested(\"Pair\", inputs, &[__INPUT_0, __INPUT_1], __DECLARED_0)
                .with_network(__addax::totals_of::<Pair>())
        }",
    );
    has(
        &code,
        "let [__output] = self.__call(__addax::FlatBatch::array(__inputs)?)?;",
    );
    let code =
        expansion("Two: (a: 8) => (b: 4, c: 4) { let b = Dense(4)(a); let c = Dense(4)(b); }");
    has(&code, "__addax::several_outputs(\"Two\", 2usize)");
    assert!(!code.contains("call_network"), "{code}");
}

#[test]
fn with_parameters_the_constants_belong_to_the_type() {
    let code = expansion(
        "pub Mlp<In, const OUT: usize = 4>: In => OUT { Dense(In / 2, use_bias = In::SIZE > 2), Dense(OUT) }",
    );
    has(
        &code,
        "pub struct Mlp<In, const OUT: usize = 4>(::core::marker::PhantomData<(In,)>);",
    );
    has(
        &code,
        "impl<In: __addax::ConstDim, const OUT: usize> Mlp<In, OUT> {
            const __INPUT_0: __addax::Shape = __addax::Shape::new([<In as __addax::ConstDim>::SIZE]).named(\"the input\");
            const __LAYER_0: __Layer_0<In, OUT> = {
                use ::addax::words::*;
                __Layer_0::<In, OUT> {
                    use_bias: In::SIZE > 2,
                    ..<__Layer_0<In, OUT>>::new(<In as __addax::ConstDim>::SIZE / 2)
                }
            };",
    );
    has(
        &code,
        "const __CHECK_0: () = (__addax::report)(&<Mlp<In, OUT>>::__OUTCOME_0);",
    );
    has(
        &code,
        "type Input = (In,); type Output = (::addax::dfdx::shapes::Const<OUT>,);",
    );
    has(&code, "const { Self::__CHECKS };");
    // Without a default for each, nothing can be checked where it is declared.
    assert!(!code.contains("const _: () = <Mlp>"), "{code}");
    let code = expansion("Mlp<const IN: usize = 4>: IN => 2 { Dense(2) }");
    has(
        &code,
        "const _: () = <Mlp>::__CHECK_0; const _: () = <Mlp>::__CHECK_1;",
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
        "pub Letters<const N: usize, T>: (N, N) => 10 {}",
        "pub Letters: (image: 8, age: 1) => (digit: 2) { }",
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
    let code = expansion("#[cfg(big)] Letters: (a: 8, b: 8) => (c: 8) { let c = a + b; }");
    assert_eq!(code.matches("#[cfg(big)]").count(), 3, "{code}");
}

const FACES: &str = "
    pub Faces: (image: (8, 8, 1), age: 8, gender: 8) => (race: 5, glad: 1) {
        let x = Flatten()(image);
        let tower = Dense(64, activation = relu);
        let a = tower(age);
        let b = tower(gender);
        let z = first: Dense(64)(x) + a * b;
        let race = Dense(5)(z);
        /// Is it a smile?
        let glad = Dense(1)(Dense(8)(z));
    }";

#[test]
fn a_graph_is_calls_in_the_order_of_its_values() {
    has(
        &expansion(FACES),
        "let __input_0 = __graph.input(\"image\", __INPUT_0);
        let __input_1 = __graph.input(\"age\", __INPUT_1);
        let __input_2 = __graph.input(\"gender\", __INPUT_2);
        let __layer_0 = __graph.layer(\"flatten\", __LAYER_0, &__OUTCOME_0);
        let __value_0 = __graph.call(__layer_0, &__OUTCOME_0, &[__input_0]);
        let __layer_1 = __graph.layer(\"tower\", __LAYER_1, &__OUTCOME_1);
        let __value_1 = __graph.call(__layer_1, &__OUTCOME_1, &[__input_1]);
        let __value_2 = __graph.call(__layer_1, &__OUTCOME_2, &[__input_2]);
        let __layer_2 = __graph.layer(\"first\", __LAYER_2, &__OUTCOME_3);
        let __value_3 = __graph.call(__layer_2, &__OUTCOME_3, &[__value_0]);
        let __layer_3 = __graph.layer(\"multiply\", __LAYER_3, &__OUTCOME_4);
        let __value_4 = __graph.call(__layer_3, &__OUTCOME_4, &[__value_1, __value_2]);
        let __layer_4 = __graph.layer(\"add\", __LAYER_4, &__OUTCOME_5);
        let __value_5 = __graph.call(__layer_4, &__OUTCOME_5, &[__value_3, __value_4]);
        let __layer_5 = __graph.layer(\"dense\", __LAYER_5, &__OUTCOME_6);
        let __value_6 = __graph.call(__layer_5, &__OUTCOME_6, &[__value_5]);
        let __layer_6 = __graph.layer(\"dense_2\", __LAYER_6, &__OUTCOME_7);
        let __value_7 = __graph.call(__layer_6, &__OUTCOME_7, &[__value_5]);
        let __layer_7 = __graph.layer(\"dense_1\", __LAYER_7, &__OUTCOME_8);
        let __value_8 = __graph.call(__layer_7, &__OUTCOME_8, &[__value_7]);
        __graph.output(\"race\", __value_6);
        __graph.output(\"glad\", __value_8);
        __graph",
    );
}

#[test]
fn a_layer_that_is_bound_once_is_one_layer() {
    let code = expansion(FACES);
    has(
        &code,
        "const __OUTCOME_2: __addax::Outcome = <__Layer_1>::output(&__LAYER_1, &[__INPUT_2])
            .shared_with(&__OUTCOME_1, \"tower\");
        const _: () = (__addax::report)(&__OUTCOME_2);
        const __SHAPE_2: __addax::Shape = __OUTCOME_2.shape(\"`tower(gender)`\");",
    );
    assert_eq!(code.matches("pub tower: ").count(), 1, "{code}");
    assert_eq!(code.matches("const __LAYER_1: ").count(), 1, "{code}");
}

#[test]
fn several_inputs_and_outputs_are_structs() {
    let code = expansion(FACES);
    has(
        &code,
        "::addax::named_ports! {
            #[doc = \" The inputs of [`Faces`].\"]
            pub struct FacesInputs { image: Image, age: Age, gender: Gender }
        }
        ::addax::named_ports! {
            #[doc = \" The outputs of [`Faces`].\"]
            pub struct FacesOutputs { race: Race, glad: Glad }
        }",
    );
    has(
        &code,
        "type Input = FacesInputs<__Input_0, __Input_1, __Input_2>;
        type Output = FacesOutputs<__Output_0, __Output_1>;",
    );
    has(
        &code,
        "let [__output_0, __output_1] = self.__call([
            __addax::FlatBatch::new::<__Input_0, __B>(inputs.image)?,
            __addax::FlatBatch::new::<__Input_1, __B>(inputs.age)?,
            __addax::FlatBatch::new::<__Input_2, __B>(inputs.gender)?,
        ])?;
        ::core::result::Result::Ok(FacesOutputs {
            race: __output_0.typed::<__Output_0, __B>()?,
            glad: __output_1.typed::<__Output_1, __B>()?,
        })",
    );
    has(&code, "::core::result::Result::Ok([__value_6, __value_8])");
    assert!(!code.contains("pub fn inputs("), "{code}");
}

#[test]
fn one_named_input_is_typed_as_a_list_is() {
    let code = expansion("Letters: (image: 8) => (digit: 4) { let digit = Dense(4)(image); }");
    has(&code, "type Input = __Input_0; type Output = __Output_0;");
    has(
        &code,
        "const __INPUT_0: __addax::Shape = __addax::Shape::new([8]).named(\"the input `image`\");",
    );
    has(
        &code,
        "const __OUTPUT_0: __addax::Outcome = __addax::declared_output(\"digit\", __SHAPE_0, __DECLARED_0,);",
    );
    has(&code, "pub fn inputs(values: ::std::vec::Vec<f32>,)");
    has(&code, "__addax::FlatBatch::new::<__Input_0, __B>(image)?");
    assert!(!code.contains("named_ports"), "{code}");
}

#[test]
fn every_use_of_a_value_but_the_last_is_a_copy() {
    let code =
        expansion("Letters: (x: 8) => (y: 8, z: 8) { let y = Dense(8)(x) + x; let z = x + y; }");
    has(
        &code,
        "let __value_0 = self.dense.call([__input_0.share()], __SHAPE_0)?;
        let __value_1 = self.add.call([__value_0, __input_0.share()], __SHAPE_1)?;
        let __value_2 = self.add_1.call([__input_0, __value_1.share()], __SHAPE_2)?;
        ::core::result::Result::Ok([__value_1, __value_2])",
    );
}

#[test]
fn an_operator_is_a_layer_at_its_operands() {
    has(
        &expansion("Letters: (x: 8) => (y: 8) { let y = (x + x) * x - x; }"),
        "const __SHAPE_1: __addax::Shape = __OUTCOME_1.shape(\"`(x + x) * x`\");",
    );
}

#[test]
fn comments_in_front_of_a_line_are_those_of_its_layer() {
    has(
        &expansion(FACES),
        "/// `Dense(1)`
        ///
        /// Is it a smile?
        pub dense_1: __addax::Built<__Place_7, __E, __D>,",
    );
}

#[test]
fn a_mistake_in_a_graph_leaves_the_names() {
    let code = expansion(
        "pub Faces: (image: 8, age: 1) => (race: 5, glad: 1) { let race = Dense()(imag); let tower = Dense(3); }",
    );
    has(&code, "pub struct FacesInputs { image: Image, age: Age }");
    has(&code, "pub dense: __addax::Built<__Place_0, __E, __D>,");
    has(&code, "fn graph() -> __addax::Graph { loop {} }");
}

#[test]
fn ports_never_share_a_parameter() {
    has(
        &expansion(
            "Letters: (a_b: 8, aB: 8, self_: 8) => (y: 8) { let y = Add()(a_b, aB, self_); }",
        ),
        "struct LettersInputs { a_b: AB, aB: ABPort0, self_: SelfPort0 }",
    );
}

#[test]
fn the_facts_are_computed_from_the_wiring() {
    let code = expansion(
        "Letters: (x: 8) => (y: 4) { let tower = Dense(8); let y = Dense(4)(tower(x) + tower(x)); }",
    );
    has(
        &code,
        "impl __addax::Facts for Letters {
            const BLUEPRINT: __addax::Blueprint = __addax::Blueprint {
                name: \"Letters\",
                inputs: &[(\"x\", __INPUT_0)],
                layers: &[
                    __addax::LayerEntry { name: \"tower\", kind: <__Layer_0 as __addax::Layer>::KIND, call: 0, },
                    __addax::LayerEntry { name: \"add\", kind: <__Layer_1 as __addax::Layer>::KIND, call: 2, },
                    __addax::LayerEntry { name: \"dense\", kind: <__Layer_2 as __addax::Layer>::KIND, call: 3, },
                ],
                calls: &[
                    __addax::Call { layer: 0, outcome: &__OUTCOME_0, shape: __SHAPE_0, inputs: &[0], },
                    __addax::Call { layer: 0, outcome: &__OUTCOME_1, shape: __SHAPE_1, inputs: &[0], },
                    __addax::Call { layer: 1, outcome: &__OUTCOME_2, shape: __SHAPE_2, inputs: &[1, 2], },
                    __addax::Call { layer: 2, outcome: &__OUTCOME_3, shape: __SHAPE_3, inputs: &[3], },
                ],
                outputs: &[(\"y\", 4)],
            };",
    );
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
