//! What the expansion asks rustc about a network as a whole.

use super::expansion;

/// Whether the expansion has these tokens, wherever its lines are broken; a broken list has one comma more.
#[track_caller]
fn has(declaration: &str, tokens: &str, expected: bool) {
    let plain = |text: &str| text.replace(',', "").split_whitespace().collect::<String>();
    let code = expansion(declaration);
    assert_eq!(
        plain(&code).contains(&plain(tokens)),
        expected,
        "{tokens}\n-- in --\n{code}"
    );
}

const SMALL: &str = "#[allow(addax::softmax_inside, dead_code)]
    Small: (4, 4, 1) => 2 { Flatten(), out: Dense(2) }";

#[test]
fn the_head_follows_from_the_last_layer() {
    has(
        SMALL,
        "type Head = <__addax::HeadKind<{ __addax::head_kind(&__OUTCOME_1, &__OUTPUT_0) }>
            as __addax::AsHead<Small>>::Head;",
        true,
    );
}

#[test]
fn the_lints_see_who_takes_what() {
    has(
        SMALL,
        "const __CALLS: __addax::lints::Calls<'static> = __addax::lints::Calls {
            inputs: &[__INPUT_0],
            calls: &[
                __addax::lints::Call { layer: 0, outcome: &__OUTCOME_0, from: &[__addax::lints::Source::Input(0)] },
                __addax::lints::Call { layer: 1, outcome: &__OUTCOME_1, from: &[__addax::lints::Source::Call(0)] },
            ],
            outputs: &[__addax::lints::Source::Call(1)],
        };
        const __SILENCED: u32 = 0 | __addax::lints::softmax_inside::BIT;",
        true,
    );
    has(
        SMALL,
        "const _: () = <<__addax::lints::Lint<{ __addax::lints::of_call(&__CALLS, 1, __SILENCED) }>
            as __addax::lints::AsLint>::Found>::FOUND;",
        true,
    );
}

const FORK: &str = "Fork: (a: 3, b: 3) => (same: 3, sum: 2) {
        let tower = Dense(3);
        let sum = Dense(2)(tower(a) + tower(b));
        let same = a;
    }";

#[test]
fn each_output_has_a_head() {
    has(
        FORK,
        "type Head = ForkOutputs<
            __addax::AnyHead,
            <__addax::HeadKind<{ __addax::head_kind(&__OUTCOME_3, &__OUTPUT_1) }> as __addax::AsHead<Fork>>::Head
        >;",
        true,
    );
}

#[test]
fn the_lints_see_each_call_of_a_shared_layer() {
    has(
        FORK,
        "const __CALLS: __addax::lints::Calls<'static> = __addax::lints::Calls {
            inputs: &[__INPUT_0, __INPUT_1],
            calls: &[
                __addax::lints::Call { layer: 0, outcome: &__OUTCOME_0, from: &[__addax::lints::Source::Input(0)] },
                __addax::lints::Call { layer: 0, outcome: &__OUTCOME_1, from: &[__addax::lints::Source::Input(1)] },
                __addax::lints::Call {
                    layer: 1,
                    outcome: &__OUTCOME_2,
                    from: &[__addax::lints::Source::Call(0), __addax::lints::Source::Call(1)]
                },
                __addax::lints::Call { layer: 2, outcome: &__OUTCOME_3, from: &[__addax::lints::Source::Call(2)] },
            ],
            outputs: &[__addax::lints::Source::Input(0), __addax::lints::Source::Call(3)],
        };",
        true,
    );
}

#[test]
fn what_is_left_of_an_attribute_stays() {
    has(SMALL, "#[allow(dead_code)] #[derive(", true);
    has(
        SMALL,
        "#[allow(dead_code)] const _: () = { const __CALLS",
        true,
    );
}

#[test]
fn of_a_network_with_mistakes_nothing_more_is_said() {
    let wrong = SMALL.replace("out: Dense(2)", "out: Dense(2);");
    has(&wrong, "type Head = __addax::AnyHead;", true);
    has(&wrong, "FOUND", false);
}
