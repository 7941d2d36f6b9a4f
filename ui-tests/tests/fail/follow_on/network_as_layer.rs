use addax::prelude::*;

network! {
    pub Unread: 16 => 8 {
        Dense(8 activation = relu),
    }
}

network! {
    pub Wrong: (6, 6, 1) => 8 {
        Dense(8, activation = relu),
    }
}

network! {
    pub Empty: 8 => 8 {}
}

network! {
    pub Deep: 16 => 2 {
        Unread(),
        Empty(),
        Reshape((2, 2, 2)),
        2 * Reshape((8, 1, 1)),
        Reshape(8),
        Dense(36),
        Reshape((6, 6, 1)),
        Wrong(),
        Dense(2, activation = softmax),
    }
}

fn main() -> addax::Result<()> {
    let model = Deep::build(&Cpu::seed_from_u64(1))?;
    println!("{} {}", model.summary(), Deep::PARAMS);
    let answers = model.predict(&Deep::inputs(vec![0.0; 32])?)?;
    println!("{answers:?}");
    Ok(())
}
