use addax::prelude::*;

fn main() -> addax::Result<()> {
    let device = Cpu::default();
    let tiny = network!((4, 4, 1) => 3 { Flatten, Dense(3, activation = "softmax") });
    let mut model =
        Model::new(tiny, &device)?.compile(Adam::default(), MeanSquaredError::default(), ())?;
    println!("{}", model.summary());
    model.save_weights("tiny.safetensors")?;
    Ok(())
}
