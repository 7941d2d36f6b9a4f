use addax::prelude::*;

fn main() -> addax::Result<()> {
    let network = network!((image: 48, age: 1) => (race: 5) {
        let race = Dense(5)(Concatenate()(image, age));
    });
    let model = Model::new(network, &Cpu::default())?;
    println!("{}", model.summary());
    Ok(())
}
