//! Sizes of networks with parameters: they are known when the network is used, and not where it is declared.
//!
//! Stable Rust cannot compute with a parameter in a type, so inside of such a network a dimension has a name instead of a
//! number: the size at one place of the network's table of shapes.

use super::Shape;
use dfdx::shapes::{ConstDim, Dim};
use std::fmt;
use std::marker::PhantomData;
use typenum::Unsigned;

/// A dimension of dfdx whose size is a number of typenum, with which generic code can compute.
///
/// Of `network! { pub Mlp<In, Classes>: In => Classes { .. } }`, `Mlp<N<U784>, N<Prod<C, U2>>>` has twice as many classes
/// as `C` says: const generics cannot express that on stable Rust. `Mlp<Const<784>, Const<10>>` takes numbers.
///
/// # Examples
/// ```
/// use addax::dfdx::shapes::ConstDim;
/// use addax::shape::N;
/// use addax::typenum::{Prod, U2, U5};
///
/// assert_eq!(<N<Prod<U2, U5>> as ConstDim>::SIZE, 10);
/// ```
pub struct N<U>(PhantomData<fn() -> U>);

/// The shapes inside of a network with parameters, by number.
pub trait Table: 'static {
    /// All of them.
    const SHAPES: &'static [Shape];
}

/// All dimensions of shape `I` of network `T` but the last, as one.
pub struct Leading<T, const I: usize>(PhantomData<fn() -> T>);

/// The last dimension of shape `I` of network `T`: the features, the channels.
pub struct Trailing<T, const I: usize>(PhantomData<fn() -> T>);

/// Shape `I` of network `T` as a matrix.
pub type At<T, const I: usize> = (Leading<T, I>, Trailing<T, I>);

/// How many numbers stand in front of each last dimension.
const fn leading(shape: Shape) -> usize {
    if shape.last() == 0 {
        1
    } else {
        shape.size() / shape.last()
    }
}

macro_rules! dimension {
    ($Name:ident<$T:ident: $Bound:path $(, const $I:ident: usize)?> = $size:expr) => {
        impl<$T $(, const $I: usize)?> Clone for $Name<$T $(, $I)?> {
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<$T $(, const $I: usize)?> Copy for $Name<$T $(, $I)?> {}
        impl<$T $(, const $I: usize)?> Default for $Name<$T $(, $I)?> {
            fn default() -> Self {
                $Name(PhantomData)
            }
        }
        impl<$T $(, const $I: usize)?> PartialEq for $Name<$T $(, $I)?> {
            fn eq(&self, _: &Self) -> bool {
                true
            }
        }
        impl<$T $(, const $I: usize)?> Eq for $Name<$T $(, $I)?> {}
        impl<$T: $Bound $(, const $I: usize)?> fmt::Debug for $Name<$T $(, $I)?> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                <Self as ConstDim>::SIZE.fmt(f)
            }
        }
        impl<$T: $Bound + 'static $(, const $I: usize)?> Dim for $Name<$T $(, $I)?> {
            fn size(&self) -> usize {
                <Self as ConstDim>::SIZE
            }

            fn from_size(size: usize) -> Option<Self> {
                (size == <Self as ConstDim>::SIZE).then(Self::default)
            }
        }
        impl<$T: $Bound + 'static $(, const $I: usize)?> ConstDim for $Name<$T $(, $I)?> {
            const SIZE: usize = $size;
        }
    };
}
dimension!(N<U: Unsigned> = U::USIZE);
dimension!(Leading<T: Table, const I: usize> = leading(T::SHAPES[I]));
dimension!(Trailing<T: Table, const I: usize> = T::SHAPES[I].last());

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::StaticShape;
    use typenum::{Prod, U2, U5, U784};

    struct Shapes;
    impl Table for Shapes {
        const SHAPES: &'static [Shape] = &[
            Shape::new([26, 24, 16]),
            Shape::new([10]),
            Shape::new([0]),
            Shape::UNKNOWN,
        ];
    }

    #[test]
    fn typenum_computes_sizes() {
        assert_eq!(<N<U784> as ConstDim>::SIZE, 784);
        assert_eq!(<N<Prod<U2, U5>> as ConstDim>::SIZE, 10);
        assert_eq!(N::<U5>::from_size(5), Some(N::default()));
        assert_eq!(N::<U5>::from_size(4), None);
        assert_eq!(format!("{:?}", N::<U5>::default()), "5");
    }

    #[test]
    fn shapes_inside_are_matrices() {
        assert_eq!(<At<Shapes, 0> as StaticShape>::SHAPE.dims(), [624, 16]);
        assert_eq!(<At<Shapes, 1> as StaticShape>::SHAPE.dims(), [1, 10]);
        assert_eq!(<At<Shapes, 2> as StaticShape>::SHAPE.size(), 0);
        assert_eq!(<At<Shapes, 3> as StaticShape>::SHAPE.size(), 0);
    }
}
