use addax::dfdx::shapes::Const;
use addax::prelude::*;

network! {
    pub Mlp<In, Classes>: In => Classes {
        Dense(In / 2, activation = relu),
        Dense(Classes, activation = softmax),
    }
}

fn main() -> addax::Result<()> {
    let model = Mlp::<usize, Const<10>>::build(&Cpu::default())?;
    println!("{}", model.summary());
    Ok(())
}
