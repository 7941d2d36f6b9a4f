//! The devices that networks run on.
//!
//! A device is one of dfdx's: it holds tensors and draws random numbers. Addax adds what it needs to run its own
//! kernels there.

use crate::engine::{CpuEngine, Engine};
#[cfg(feature = "cuda")]
use crate::gpu::{engine::GpuEngine, nvidia::Nvidia};
use crate::tensors::values;
#[cfg(feature = "cuda")]
use dfdx::tensor::Cuda;
use dfdx::tensor::{Cpu, Storage, Tensor};
use dfdx::tensor_ops::Device as DfdxDevice;

mod sealed {
    pub trait Sealed {}
    impl Sealed for dfdx::tensor::Cpu {}
    #[cfg(feature = "cuda")]
    impl Sealed for dfdx::tensor::Cuda {}
}

/// A dfdx device on which Addax has kernels: [`Cpu`], and with the feature `cuda` dfdx's `Cuda`.
pub trait Device: DfdxDevice<f32> + sealed::Sealed {
    /// What runs a network there.
    #[doc(hidden)]
    type Engine: Engine<Device = Self>;

    /// The numbers of a tensor, row by row.
    #[doc(hidden)]
    fn read<S: dfdx::shapes::Shape, T>(tensor: &Tensor<S, f32, Self, T>) -> Vec<f32>;

    /// A tensor of these numbers.
    #[doc(hidden)]
    fn write<S: dfdx::shapes::Shape>(
        &self,
        values: Vec<f32>,
        shape: S,
    ) -> Result<Tensor<S, f32, Self>, Self::Err>;

    /// The numbers of a gradient.
    #[doc(hidden)]
    fn read_gradient(gradient: &<Self as Storage<f32>>::Vec) -> Result<Vec<f32>, Self::Err>;

    /// Adds to a gradient.
    #[doc(hidden)]
    fn add_gradient(
        gradient: &mut <Self as Storage<f32>>::Vec,
        values: &[f32],
    ) -> Result<(), Self::Err>;
}

impl Device for Cpu {
    type Engine = CpuEngine;

    fn read<S: dfdx::shapes::Shape, T>(tensor: &Tensor<S, f32, Self, T>) -> Vec<f32> {
        values(tensor)
    }

    fn write<S: dfdx::shapes::Shape>(
        &self,
        values: Vec<f32>,
        shape: S,
    ) -> Result<Tensor<S, f32, Self>, Self::Err> {
        use dfdx::tensor::TensorFromVec;
        self.try_tensor_from_vec(values, shape)
    }

    fn read_gradient(gradient: &<Self as Storage<f32>>::Vec) -> Result<Vec<f32>, Self::Err> {
        Ok(gradient.to_vec())
    }

    fn add_gradient(
        gradient: &mut <Self as Storage<f32>>::Vec,
        values: &[f32],
    ) -> Result<(), Self::Err> {
        add(gradient, values);
        Ok(())
    }
}

#[cfg(feature = "cuda")]
impl Device for Cuda {
    type Engine = GpuEngine<Nvidia>;

    fn read<S: dfdx::shapes::Shape, T>(tensor: &Tensor<S, f32, Self, T>) -> Vec<f32> {
        values(tensor)
    }

    fn write<S: dfdx::shapes::Shape>(
        &self,
        values: Vec<f32>,
        shape: S,
    ) -> Result<Tensor<S, f32, Self>, Self::Err> {
        use dfdx::tensor::TensorFromVec;
        self.try_tensor_from_vec(values, shape)
    }

    fn read_gradient(gradient: &<Self as Storage<f32>>::Vec) -> Result<Vec<f32>, Self::Err> {
        Ok(gradient.device().dtoh_sync_copy(&**gradient)?)
    }

    fn add_gradient(
        gradient: &mut <Self as Storage<f32>>::Vec,
        values: &[f32],
    ) -> Result<(), Self::Err> {
        let device = gradient.device();
        let mut sums = device.dtoh_sync_copy(&**gradient)?;
        add(&mut sums, values);
        Ok(device.htod_sync_copy_into(&sums, &mut **gradient)?)
    }
}

fn add(sums: &mut [f32], values: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

/// Seeds are drawn with the device's own generator, so `Cpu::seed_from_u64` makes a whole program repeatable.
pub(crate) fn draw_seed<D: Device>(device: &D) -> u64 {
    device.random_u64()
}
