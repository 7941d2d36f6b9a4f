use addax::prelude::*;

fn train<N: Network>(network: N) -> addax::Result<()> {
    let model = Model::new(network, &Cpu::default())?;
    model.compile(Adam::default(), SparseCategoricalCrossentropy::default(), Accuracy)?;
    Ok(())
}

fn main() -> addax::Result<()> {
    train(network!(3 => 2 { Dense(2, activation = softmax) }))
}
