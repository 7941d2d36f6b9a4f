//! From shape values to dfdx's types.

use super::{Shape, UNKNOWN_RANK};
use dfdx::shapes::{Const, ConstDim, ConstShape, Dim, HasShape, Shape as DfdxShape};
use dfdx::tensor::Tensor;

/// A rank and four sizes that become a tuple of dfdx dimensions: `<Dims<2, 5, 7, 0, 0> as AsShape>::Sample` is
/// `(Const<5>, Const<7>)`.
#[derive(Clone, Copy, Debug)]
pub struct Dims<const RANK: usize, const A: usize, const B: usize, const C: usize, const D: usize>;

/// See [`Dims`].
pub trait AsShape {
    /// The tuple of dimensions.
    type Sample: StaticShape;
}

impl<const A: usize, const B: usize, const C: usize, const D: usize> AsShape
    for Dims<0, A, B, C, D>
{
    type Sample = ();
}
impl<const A: usize, const B: usize, const C: usize, const D: usize> AsShape
    for Dims<1, A, B, C, D>
{
    type Sample = (Const<A>,);
}
impl<const A: usize, const B: usize, const C: usize, const D: usize> AsShape
    for Dims<2, A, B, C, D>
{
    type Sample = (Const<A>, Const<B>);
}
impl<const A: usize, const B: usize, const C: usize, const D: usize> AsShape
    for Dims<3, A, B, C, D>
{
    type Sample = (Const<A>, Const<B>, Const<C>);
}
impl<const A: usize, const B: usize, const C: usize, const D: usize> AsShape
    for Dims<4, A, B, C, D>
{
    type Sample = (Const<A>, Const<B>, Const<C>, Const<D>);
}
// A network with a mistake in it still has types, so that its uses give no further errors.
impl<const A: usize, const B: usize, const C: usize, const D: usize> AsShape
    for Dims<UNKNOWN_RANK, A, B, C, D>
{
    type Sample = ();
}

/// The shape of one sample as a type: a tuple of dfdx dimensions whose sizes the compiler knows.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a shape whose sizes the compiler knows",
    note = "a shape is a tuple of dfdx dimensions, such as `(Const<28>, Const<28>, Const<1>)`"
)]
pub trait StaticShape: ConstShape {
    /// The shape with a batch dimension in front.
    type Batched<B: Dim>: DfdxShape;
    /// The last dimension.
    type Last: ConstDim;
    /// The shape as a value.
    const SHAPE: Shape;
    /// The shape of a batch.
    fn batched<B: Dim>(batch: B) -> Self::Batched<B>;
    /// How many samples a batch has.
    fn batch_len<B: Dim, E, D: dfdx::tensor::Storage<E>, T>(
        batch: &Tensor<Self::Batched<B>, E, D, T>,
    ) -> usize;
}

/// A vector as long as the last dimension of `S`.
pub type LastOf<S> = (<S as StaticShape>::Last,);

macro_rules! static_shape {
    ($($Dim:ident),*; $Last:ty) => {
        impl<$($Dim: ConstDim),*> StaticShape for ($($Dim,)*) {
            type Batched<B: Dim> = (B, $($Dim),*);
            type Last = $Last;
            const SHAPE: Shape = Shape::new([$($Dim::SIZE),*]);

            fn batched<B: Dim>(batch: B) -> Self::Batched<B> {
                (batch, $($Dim::default()),*)
            }

            fn batch_len<B: Dim, E, D: dfdx::tensor::Storage<E>, T>(
                batch: &Tensor<Self::Batched<B>, E, D, T>,
            ) -> usize {
                batch.shape().0.size()
            }
        }
    };
}
static_shape!(; Const<1>);
static_shape!(D1; D1);
static_shape!(D1, D2; D2);
static_shape!(D1, D2, D3; D3);
static_shape!(D1, D2, D3, D4; D4);

/// The shape of a batch of samples: `usize` samples of a shape that the compiler knows.
pub trait BatchShape: DfdxShape {
    /// The shape of one sample.
    type Sample: StaticShape;
}

macro_rules! batch_shape {
    ($($Dim:ident),*) => {
        impl<$($Dim: ConstDim),*> BatchShape for (usize, $($Dim),*) {
            type Sample = ($($Dim,)*);
        }
    };
}
batch_shape!();
batch_shape!(D1);
batch_shape!(D1, D2);
batch_shape!(D1, D2, D3);
batch_shape!(D1, D2, D3, D4);
