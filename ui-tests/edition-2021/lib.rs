//! The networks of `../strict/networks.rs` in edition 2021.

#![deny(
    warnings,
    missing_docs,
    unused,
    nonstandard_style,
    future_incompatible,
    rust_2018_idioms
)]
#![deny(
    missing_debug_implementations,
    missing_copy_implementations,
    unreachable_pub
)]
#![deny(
    unused_qualifications,
    unused_results,
    unused_lifetimes,
    single_use_lifetimes
)]
#![deny(
    trivial_casts,
    trivial_numeric_casts,
    explicit_outlives_requirements,
    let_underscore_drop
)]
#![deny(
    variant_size_differences,
    unit_bindings,
    redundant_imports,
    redundant_lifetimes
)]
#![deny(clippy::all, clippy::pedantic)]
#![forbid(unsafe_code)]

#[path = "../strict/networks.rs"]
pub mod networks;
