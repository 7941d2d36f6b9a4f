//! `network!` without a name is a value.

use addax::prelude::*;

fn count(network: impl Network) -> addax::Result<usize> {
    Ok(Model::new(network, &Cpu::default())?.count_params())
}

fn main() -> addax::Result<()> {
    const CLASSES: usize = 3;
    let tiny = network!((4, 4, 1) => 3 { Flatten(), Dense(CLASSES) });
    assert_eq!(count(tiny)?, 16 * 3 + 3);
    assert_eq!(
        count(network!(7 => 2 { hidden: Dense(5, activation = tanh), Dense(2) }))?,
        52
    );
    assert_eq!(count(network!(CLASSES => CLASSES { Dropout(0.5) }))?, 0);

    let networks = (network!(2 => 2 { Dense(2) }), network!(2 => 1 { Dense(1) }));
    assert_eq!(count(networks.0)? + count(networks.1)?, 9);

    let mut model = Model::new(network!(2 => 1 { Dense(1) }), &Cpu::seed_from_u64(1))?.compile(
        Adam::default(),
        MeanSquaredError::default(),
        (),
    )?;
    model.fit(
        &vec![[0.0, 1.0]],
        &vec![[1.0]],
        FitOptions {
            verbose: Verbose::Silent,
            ..Default::default()
        },
    )?;
    Ok(())
}
