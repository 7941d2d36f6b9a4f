//! How networks work on a GPU.

use cudarc::driver::CudaDevice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// How networks work on a GPU: see [`cuda_with`](crate::cuda_with).
///
/// # Examples
/// ```
/// use addax::CudaOptions;
///
/// let options = CudaOptions { tf32: true, ..CudaOptions::default() };
/// assert!(options.capture);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CudaOptions {
    /// Seed of the device's generator, from which networks draw theirs. Default: 0.
    pub seed: u64,
    /// Matrix products, and convolutions by cuDNN, in TF32: numbers keep 10 bits after the point instead of 23, and
    /// products are faster. Default: false.
    pub tf32: bool,
    /// A step is captured once as a CUDA graph and replayed; otherwise its commands are launched one by one, with equal
    /// results. Default: true.
    pub capture: bool,
    /// Who carries out convolutions. Default: [`Cudnn::Off`].
    pub cudnn: Cudnn,
}

/// Who carries out convolutions on a GPU: NVIDIA's cuDNN 9, or Addax's own kernels.
///
/// Both compute in `f32` and give the same up to rounding. Of cuDNN's algorithms only those are used that give the same
/// bits each time, and TF32 only with [`CudaOptions::tf32`].
///
/// # Examples
/// ```
/// use addax::{CudaOptions, Cudnn};
///
/// let options = CudaOptions { cudnn: Cudnn::WhereFaster, ..CudaOptions::default() };
/// assert_eq!(CudaOptions::default().cudnn, Cudnn::Off);
/// # let _ = options;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cudnn {
    /// Addax's kernels. The default, for with it the same program gives the same bits in every run, whatever else is
    /// installed.
    #[default]
    Off,
    /// Whoever is faster. When a network meets a convolution for the first time, each pass is timed both ways, with the
    /// batch at hand, and the network keeps to the faster. As times differ from run to run, so may the last bits of the
    /// results. Where cuDNN is not installed this is `Off`.
    WhereFaster,
    /// cuDNN, and Addax's kernels only for what cuDNN cannot do, such as padding that is larger on one side. Without
    /// cuDNN there is an error.
    Always,
}

impl Default for CudaOptions {
    fn default() -> Self {
        CudaOptions {
            seed: 0,
            tf32: false,
            capture: true,
            cudnn: Cudnn::Off,
        }
    }
}

/// What was said of each device, for dfdx's own has no room for it.
static OPTIONS: Mutex<Vec<(Weak<CudaDevice>, CudaOptions)>> = Mutex::new(Vec::new());

fn all() -> MutexGuard<'static, Vec<(Weak<CudaDevice>, CudaOptions)>> {
    OPTIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says what holds for the networks of a device.
pub(super) fn set_options(device: &Arc<CudaDevice>, options: CudaOptions) {
    let mut all = all();
    all.retain(|(device, _)| device.strong_count() > 0);
    all.push((Arc::downgrade(device), options));
}

/// What holds for the networks of a device.
pub(super) fn options(device: &Arc<CudaDevice>) -> CudaOptions {
    let all = all();
    let mut of_device = all
        .iter()
        .filter(|(d, _)| d.as_ptr() == Arc::as_ptr(device));
    of_device
        .next()
        .map(|(_, options)| *options)
        .unwrap_or_default()
}
