use addax::dfdx::shapes::Const;
use addax::prelude::*;

network! {
    pub Letters<const SIDE: usize, Classes: Copy>: (SIDE, SIDE, 1) => Classes {
        Flatten(),
        Dense(Classes activation = softmax),
    }
}

network! {
    pub Unread<const SIDE: usize, Classes>: (SIDE, 2 * SIDE, 1) => Classes {}
}

fn main() -> addax::Result<()> {
    let device = Cpu::seed_from_u64(1);
    let mut model = Letters::<28, Const<10>>::build(&device)?.compile(
        Adam::default(),
        SparseCategoricalCrossentropy::default(),
        Accuracy,
    )?;
    let x = Letters::<28, Const<10>>::inputs(vec![0.0; 2 * 784])?;
    let y = vec![3_u8, 7];
    let history = model.fit(&x, &y, FitOptions::default())?;
    let answers = model.predict(&x)?;
    println!("{history:?} {answers:?} {}", model.summary());
    println!("{}", Unread::<28, Const<10>>::build(&device)?.summary());
    Ok(())
}
