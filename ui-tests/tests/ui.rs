//! What users see when a network does not compile, and what must compile.
//!
//! `TRYBUILD=overwrite cargo test -p addax-ui-tests` writes the `.stderr` files anew; the difference is to be read like code.

#[test]
fn ui() {
    let tests = trybuild::TestCases::new();
    tests.pass("tests/pass/*.rs");
    tests.compile_fail("tests/fail/*/*.rs");
}
