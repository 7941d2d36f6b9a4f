use addax::prelude::*;

network! {
    pub Convnet<const SIDE: usize>: (SIDE, SIDE, 1) => 10 {
        Conv2D(16, 3, activation = relu),
        MaxPooling2D(2),
        Conv2D(16, 3, activation = relu),
        Flatten(),
        Dense(10, activation = softmax),
    }
}

fn main() -> addax::Result<()> {
    let device = Cpu::default();
    let fits = Convnet::<28>::build(&device)?;
    let does_not = Convnet::<5>::build(&device)?;
    println!("{} {}", fits.summary(), does_not.summary());
    Ok(())
}
