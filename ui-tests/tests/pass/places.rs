//! Networks stand wherever items stand, next to each other, with their own visibility, attributes and conditions.

use addax::prelude::*;

network! { One: 2 => 1 { Dense(1) } }
network! { pub(crate) Two: 2 => 1 { Dense(1) } }

mod inner {
    use addax::network;

    network! {
        #[derive(PartialOrd, Ord)]
        #[must_use]
        pub(super) Three: (Self::SIDE, 2) => 1 { Flatten(), Dense(1) }
    }

    impl Three {
        const SIDE: usize = 3;
    }
}

network! {
    #[cfg(any())]
    /// Not there, and so it may be wrong.
    pub Absent: 2 => 1 { Dense(7) }
}

macro_rules! networks {
    ($($name:ident($side:expr, $kernel:expr, $activation:ident, $layer:path);)*) => {
        $(network! {
            pub $name: ($side, $side, 1) => 3 {
                Conv2D(4, $kernel, activation = $activation),
                Flatten(),
                $layer(3 * $side / $side),
            }
        })*
    };
}

networks! {
    Square(8, 3, relu, Dense);
    Wide(4 + 4, (3, 5), tanh, addax::layers::Dense);
}

fn function() -> addax::Result<usize> {
    const UNITS: usize = 4;
    network! { Local: 2 => UNITS { Dense(UNITS) } }
    Ok(Local::build(&Cpu::default())?.count_params())
}

fn main() -> addax::Result<()> {
    let device = Cpu::default();
    let _ = (
        One::build(&device)?,
        Two::build(&device)?,
        inner::Three::build(&device)?,
    );
    let _ = (Square::build(&device)?, Wide::build(&device)?);
    assert_eq!(function()?, 12);
    assert!(inner::Three <= inner::Three);
    assert_eq!(format!("{One:?}"), "One");
    Ok(())
}
