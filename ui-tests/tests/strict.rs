//! The expansion compiles under strict lints in both editions, and runs.

#[test]
fn networks_run_in_both_editions() {
    assert_eq!(addax_ui_tests::networks::run().expect("edition 2024"), 57);
    assert_eq!(
        addax_edition_2021::networks::run().expect("edition 2021"),
        57
    );
}
