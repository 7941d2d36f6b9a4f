use addax::prelude::*;

network! {
    pub Mlp<const IN: usize>: IN => 2 {
        Dense(2, activation = softmax),
    }
}

fn main() -> addax::Result<()> {
    let model = Mlp::<4>::build(&Cpu::default())?;
    let answers = model.predict(&vec![[0.0_f32; 5]; 2])?;
    println!("{answers:?}");
    Ok(())
}
