//! NVIDIA's GPUs.

mod checked;
mod codes;
mod cudnn;
mod driver;
mod forward;
mod library;
mod memory;
mod options;
mod staging;
#[cfg(test)]
pub(crate) mod tests;
mod timer;

pub(crate) use driver::Nvidia;
pub use options::{CudaOptions, Cudnn};

use crate::error::{Error, Result};
use cudarc::driver::CudaDevice;
use dfdx::tensor::{Cuda, Storage};
use library::{CUBLAS, DRIVER};
use options::set_options;
use std::sync::Arc;

/// A dfdx device on GPU `ordinal` (0 for the first), or the reason why there is none.
///
/// dfdx's own `Cuda::default()` panics where there is no GPU.
///
/// # Errors
/// [`Error::NoGpu`] if the driver is not installed or does not start, if it shows no such GPU or one
/// that is older than compute capability 8.0, if cuBLAS is missing, or if the program was built without kernels (feature
/// `ci-check`).
///
/// # Examples
/// ```
/// match addax::cuda(0) {
///     Ok(_) => println!("training on the GPU"),
///     Err(error) => println!("training on the CPU: {error}"),
/// }
/// ```
pub fn cuda(ordinal: usize) -> Result<Cuda> {
    cuda_with(ordinal, CudaOptions::default())
}

/// A dfdx device on GPU `ordinal`, with [options](CudaOptions) for the networks that are made on it and on its clones.
///
/// # Errors
/// As for [`cuda`]; [`Error::NoLibrary`] if [`Cudnn::Always`] is asked for and cuDNN is not there.
///
/// # Examples
/// ```
/// use addax::{CudaOptions, cuda_with};
///
/// match cuda_with(0, CudaOptions { tf32: true, ..CudaOptions::default() }) {
///     Ok(_) => println!("training on the GPU, in TF32"),
///     Err(error) => println!("training on the CPU: {error}"),
/// }
/// ```
pub fn cuda_with(ordinal: usize, options: CudaOptions) -> Result<Cuda> {
    probe(ordinal)?;
    cudnn::probe(options.cudnn)?;
    let device = Cuda::try_build(ordinal, options.seed).map_err(|error| Error::NoGpu {
        reason: error.to_string(),
        way_out: "see whether another program has taken all of the GPU's memory",
    })?;
    set_options(&handle(&device)?, options);
    Ok(device)
}

/// cudarc's handle of a device. dfdx keeps it to itself, but every piece of memory shows it.
fn handle(device: &Cuda) -> Result<Arc<CudaDevice>> {
    let piece: <Cuda as Storage<f32>>::Vec = device.try_alloc_len(1).map_err(Error::device)?;
    Ok(piece.device())
}

/// Whether there is such a GPU with everything that is needed to work on it.
fn probe(ordinal: usize) -> Result<()> {
    let missing = |reason: String, way_out| Err(Error::NoGpu { reason, way_out });
    // Tests may run on a stand-in for the driver, which needs no kernels.
    if cfg!(all(feature = "ci-check", not(test))) {
        return missing(
            "the program was built with the feature `ci-check`, without kernels".to_owned(),
            "build it with `cuda` alone",
        );
    }
    if let Err(error) = DRIVER.open() {
        return missing(
            format!("the NVIDIA driver is not installed ({error})"),
            "install it, or use `Cpu`",
        );
    }
    if let Err(error) = cudarc::driver::result::init() {
        return missing(
            format!("the NVIDIA driver does not start ({error})"),
            "see whether the driver and the kernel module are of one version: `nvidia-smi`",
        );
    }
    let count = cudarc::driver::result::device::get_count().unwrap_or(0);
    if usize::try_from(count).unwrap_or(0) <= ordinal {
        return missing(
            format!("the NVIDIA driver shows {count} GPUs, so there is no GPU {ordinal}"),
            "count from 0, and look at `CUDA_VISIBLE_DEVICES`",
        );
    }
    let capability = capability(ordinal);
    if capability.is_none_or(|(major, _)| major < OLDEST) {
        let (major, minor) = capability.unwrap_or_default();
        return missing(
            format!(
                "GPU {ordinal} has compute capability {major}.{minor}, and Addax's kernels need {OLDEST}.0"
            ),
            "use a newer GPU, or `Cpu`",
        );
    }
    if let Err(error) = CUBLAS.open() {
        return missing(
            format!("cuBLAS is not installed ({error})"),
            "install the CUDA toolkit, or put the folder of its libraries on `LD_LIBRARY_PATH`",
        );
    }
    Ok(())
}

/// The first digit of the oldest compute capability that the kernels are compiled for.
const OLDEST: i32 = 8;

/// The compute capability of a GPU.
fn capability(ordinal: usize) -> Option<(i32, i32)> {
    use cudarc::driver::result::device;
    use cudarc::driver::sys::CUdevice_attribute::{
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR as MAJOR,
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR as MINOR,
    };
    let gpu = device::get(i32::try_from(ordinal).ok()?).ok()?;
    // SAFETY: the driver just gave this number of a device.
    let attribute = |which| unsafe { device::get_attribute(gpu, which) }.ok();
    Some((attribute(MAJOR)?, attribute(MINOR)?))
}
