//! The clause `budget(..)`: what is one, and what is wrong with it.

use super::{expansion, messages};

/// The only message for a budget behind the shapes.
#[track_caller]
fn says(budget: &str, problem: &str, help: &str) {
    let declaration = format!("Letters: 8 => 2, {budget} {{ Dense(2) }}");
    assert_eq!(messages(&declaration), [format!("{problem}\nhelp: {help}")]);
}

#[test]
fn budgets_are_read() {
    for declaration in [
        "Letters: 8 => 2, budget(params < 50_000) { Dense(2) }",
        "8 => 2, budget(params <= Self::MOST, macs < 2 * MACS,) { Dense(2) }",
        "Letters: (8, 8, 1) => (8, 8, 1), budget(weight_bytes < size::<2, 3>(), activation_bytes < 9) { Dropout(0.5) }",
        "Letters: (x: 8) => (y: 2), budget(params < 50) { let y = Dense(2)(x); }",
        // These are sizes.
        "Letters: budget(8) => budget(2) { Dense(2) }",
        "Letters: 8 => 2 * budget(1) { Dense(2) }",
    ] {
        assert_eq!(messages(declaration), [] as [&str; 0], "{declaration}");
    }
}

#[test]
fn limits_have_a_quantity_a_sign_and_a_number() {
    let known = "`params`, `macs`, `weight_bytes` and `activation_bytes`";
    says(
        "budget(weights < 9)",
        "a budget knows no `weights`",
        &format!("write `params`; a budget limits {known}"),
    );
    says(
        "budget(MACs < 9)",
        "a budget knows no `MACs`",
        &format!("write `macs`; a budget limits {known}"),
    );
    says(
        "budget(latency < 9)",
        "a budget knows no `latency`",
        &format!("a budget limits {known}"),
    );
    for sign in [">", ">=", "==", "=", ":", "=<", ""] {
        says(
            &format!("budget(params {sign} 9)"),
            "a budget is an upper limit",
            "write `params < 50_000` or `params <= 50_000`",
        );
    }
    says(
        "budget(macs < )",
        "how much is missing behind `macs`",
        "write a number: `macs < 50_000`",
    );
    says(
        "budget(9)",
        "a limit starts with what it limits",
        "write `params < 50_000`",
    );
    says(
        "budget(params < 1 +)",
        "this limit cannot be read",
        "a limit is a number or a constant: `params < 50_000`",
    );
    says(
        "budget()",
        "this budget limits nothing",
        "write what the network may cost: `budget(params < 50_000)`",
    );
}

#[test]
fn a_budget_stands_behind_the_shapes() {
    let help =
        "write the shapes first: `Letters: (28, 28, 1) => 10, budget(params < 50_000) { .. }`";
    assert_eq!(
        messages("Letters: 8, budget(params < 9) => 2 { Dense(2) }"),
        [format!(
            "the budget is the last thing in front of the layers\nhelp: {help}"
        )]
    );
    assert_eq!(
        messages("Letters: 8 => 2 budget(params < 9) { Dense(2) }"),
        [
            "`,` is missing in front of the budget\nhelp: write a comma between the output shape and `budget`"
        ]
    );
}

#[test]
fn a_limit_is_a_constant_and_a_report() {
    let code = expansion("Letters: 8 => 2, budget(macs <= Self::MOST) { Dense(2) }");
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    let lines = "const __LIMIT_0: usize = Letters::MOST;
        const __BUDGET_0: __addax::Outcome = __addax::budget(
            __addax::facts_of::<Letters>(),
            __addax::Quantity::Macs,
            true,
            __LIMIT_0,
        );
        const _: () = (__addax::report)(&__BUDGET_0);";
    assert!(plain(&code).contains(&plain(lines)), "{code}");
}
