//! How networks work on a GPU.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

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
    /// Matrix products in TF32: numbers keep 10 bits after the point instead of 23, and products are faster. Default:
    /// false.
    pub tf32: bool,
    /// A step is captured once as a CUDA graph and replayed; otherwise its commands are launched one by one, with equal
    /// results. Default: true.
    pub capture: bool,
}

impl Default for CudaOptions {
    fn default() -> Self {
        CudaOptions {
            seed: 0,
            tf32: false,
            capture: true,
        }
    }
}

/// By the number of the GPU, for dfdx's device has no room for them.
static OPTIONS: Mutex<Option<HashMap<usize, CudaOptions>>> = Mutex::new(None);

/// Sets what holds for networks that are made on a GPU from now on.
pub(super) fn set_options(ordinal: usize, options: CudaOptions) {
    let mut all = OPTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    all.get_or_insert_default().insert(ordinal, options);
}

/// What holds for networks that are made on a GPU now.
pub(super) fn options(ordinal: usize) -> CudaOptions {
    let all = OPTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let found = all.as_ref().and_then(|all| all.get(&ordinal));
    found.copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gpu_has_its_options() {
        let tf32 = CudaOptions {
            tf32: true,
            ..CudaOptions::default()
        };
        set_options(1001, tf32);
        assert_eq!(options(1001), tf32);
        assert_eq!(options(1002), CudaOptions::default());
    }
}
