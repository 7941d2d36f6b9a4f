//! The parameters of a layer as named dfdx tensors.

use super::FlatBatch;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::network::Weights;
use dfdx::shapes::Dtype;
use dfdx::tensor::{Gradients, Tape};
use dfdx::tensor_ops::Device as DfdxDevice;
use std::fmt::Debug;
use std::marker::PhantomData;

/// Parameters as tensors of `f32` on a device of ours: what a layer needs to run on the tape.
pub trait LayerParameters: Clone + Debug + 'static {
    /// Where the tensors are.
    type Device: Device;

    /// Whether these are the parameters of a network that is used as a layer.
    #[doc(hidden)]
    const IS_NETWORK: bool = false;

    /// Tensors from the values of each parameter in turn; one of length 0 is not asked for.
    fn assemble(device: &Self::Device, weights: &mut Weights) -> Result<Self>;

    /// Shows the values of each parameter in turn.
    fn read(&self, visitor: &mut dyn FnMut(Vec<f32>));

    /// Replaces the values of each parameter in turn. The tensors stay the same ones for dfdx.
    fn write(&mut self, values: &mut dyn FnMut() -> Vec<f32>);

    /// Adds to the gradient of each trainable parameter in turn.
    fn add_gradients(
        &self,
        gradients: &mut Gradients<f32, Self::Device>,
        values: &mut dyn FnMut() -> Vec<f32>,
    ) -> Result<(), <Self::Device as dfdx::tensor::HasErr>::Err>;

    /// Runs the network, if they are those of one.
    #[doc(hidden)]
    fn call_network<T: Tape<f32, Self::Device>>(
        &self,
        inputs: Vec<FlatBatch<Self::Device, T>>,
    ) -> Result<FlatBatch<Self::Device, T>> {
        let _ = inputs;
        Err(Error::Device("this is not a network".to_owned()))
    }

    /// The same as in training.
    #[doc(hidden)]
    fn call_network_mut<T: Tape<f32, Self::Device>>(
        &mut self,
        inputs: Vec<FlatBatch<Self::Device, T>>,
    ) -> Result<FlatBatch<Self::Device, T>> {
        self.call_network(inputs)
    }
}

/// Any parameters of element type `f32`: a name for the bound that generated code needs.
pub trait TapeParameters<D: Device>: LayerParameters<Device = D> {}
impl<D: Device, P: LayerParameters<Device = D>> TapeParameters<D> for P {}

/// For a layer without parameters.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoParameters<E = f32, D = dfdx::tensor::Cpu>(PhantomData<(E, D)>);

impl<D: Device> LayerParameters for NoParameters<f32, D> {
    type Device = D;

    fn assemble(_: &D, _: &mut Weights) -> Result<Self> {
        Ok(NoParameters(PhantomData))
    }

    fn read(&self, _: &mut dyn FnMut(Vec<f32>)) {}

    fn write(&mut self, _: &mut dyn FnMut() -> Vec<f32>) {}

    fn add_gradients(
        &self,
        _: &mut Gradients<f32, D>,
        _: &mut dyn FnMut() -> Vec<f32>,
    ) -> Result<(), D::Err> {
        Ok(())
    }
}

impl<E: Dtype, D: DfdxDevice<E>> dfdx::nn::tensor_collection::TensorCollection<E, D>
    for NoParameters<E, D>
{
    type To<E2: Dtype, D2: DfdxDevice<E2>> = NoParameters<E2, D2>;

    fn iter_tensors<V: dfdx::nn::tensor_collection::ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields((), |()| NoParameters(PhantomData))
    }
}

/// Declares the parameters of a layer: a struct of dfdx tensors with everything that Addax and dfdx ask of it.
///
/// `S` is the layer's place: a field has the shape `S::First`, `S::Second` or `S::Third` (the layer's parameters, as its
/// shape rule gives them) or one made of them, such as `LastOf<S::Input>`. `fixed` stands before what is not trained. The
/// order is that of the shape rule.
///
/// ```
/// addax::layer_parameters! {
///     /// The parameters of my layer.
///     pub struct ScaleParameters {
///         /// One factor for each feature.
///         factor: S::First,
///     }
/// }
/// ```
#[macro_export]
macro_rules! layer_parameters {
    (
        $(#[$meta:meta])*
        $vis:vis struct $Name:ident {
            $($(#[$field_meta:meta])* $($word:ident)+ : $Shape:ty),+ $(,)?
        }
    ) => {
        $crate::layer_parameters! {
            @struct [$(#[$meta])* $vis $Name] [] $($(#[$field_meta])* [$($word)+] $Shape,)+
        }
    };
    (@struct [$($head:tt)*] [$($done:tt)*] $(#[$m:meta])* [fixed $field:ident] $Shape:ty, $($rest:tt)*) => {
        $crate::layer_parameters! { @struct [$($head)*] [$($done)* { [$(#[$m])*] $field [$Shape] detached false }] $($rest)* }
    };
    (@struct [$($head:tt)*] [$($done:tt)*] $(#[$m:meta])* [$field:ident] $Shape:ty, $($rest:tt)*) => {
        $crate::layer_parameters! { @struct [$($head)*] [$($done)* { [$(#[$m])*] $field [$Shape] reset_with true }] $($rest)* }
    };
    (@struct [$(#[$meta:meta])* $vis:vis $Name:ident] [$({ [$(#[$m:meta])*] $field:ident [$Shape:ty] $options:ident $trainable:literal })+]) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        $vis struct $Name<S: $crate::layers::LayerSizes, E: $crate::dfdx::shapes::Dtype, D: $crate::dfdx::tensor_ops::Device<E>> {
            $($(#[$m])* pub $field: $crate::dfdx::tensor::Tensor<$Shape, E, D>,)+
        }

        impl<S: $crate::layers::LayerSizes, D: $crate::Device> $crate::tape::LayerParameters for $Name<S, f32, D> {
            type Device = D;

            fn assemble(device: &D, weights: &mut $crate::__private::Weights) -> $crate::Result<Self> {
                ::core::result::Result::Ok($Name {
                    $($field: device
                        .write(
                            // A parameter that an option has switched off is not among the values.
                            if <$Shape as $crate::shape::StaticShape>::SHAPE.size() == 0 {
                                ::std::vec::Vec::new()
                            } else {
                                weights.next_parameter()
                            },
                            <$Shape>::default(),
                        )
                        .map_err($crate::Error::device)?,)+
                })
            }

            fn read(&self, visitor: &mut dyn FnMut(::std::vec::Vec<f32>)) {
                $(visitor(D::read(&self.$field));)+
            }

            fn write(&mut self, values: &mut dyn FnMut() -> ::std::vec::Vec<f32>) {
                $(self.$field.copy_from(&values());)+
            }

            fn add_gradients(
                &self,
                gradients: &mut $crate::dfdx::tensor::Gradients<f32, D>,
                values: &mut dyn FnMut() -> ::std::vec::Vec<f32>,
            ) -> ::core::result::Result<(), <D as $crate::dfdx::tensor::HasErr>::Err> {
                $(if $trainable {
                    D::add_gradient(gradients.get_or_alloc_mut(&self.$field)?, &values())?;
                })+
                ::core::result::Result::Ok(())
            }
        }

        impl<S: $crate::layers::LayerSizes, E: $crate::dfdx::shapes::Dtype, D: $crate::dfdx::tensor_ops::Device<E>>
            $crate::dfdx::nn::tensor_collection::TensorCollection<E, D> for $Name<S, E, D>
        {
            type To<E2: $crate::dfdx::shapes::Dtype, D2: $crate::dfdx::tensor_ops::Device<E2>> = $Name<S, E2, D2>;

            fn iter_tensors<V: $crate::dfdx::nn::tensor_collection::ModuleVisitor<Self, E, D>>(
                visitor: &mut V,
            ) -> ::core::result::Result<::core::option::Option<Self::To<V::E2, V::D2>>, V::Err> {
                visitor.visit_fields(
                    ($(Self::tensor(
                        stringify!($field),
                        |s| &s.$field,
                        |s| &mut s.$field,
                        // A reset leaves the values alone: their distribution belongs to the layer, not to dfdx.
                        $crate::dfdx::nn::tensor_collection::TensorOptions::$options(|_| ::core::result::Result::Ok(())),
                    ),)+),
                    |($($field,)+)| $Name { $($field,)+ },
                )
            }
        }
    };
}
