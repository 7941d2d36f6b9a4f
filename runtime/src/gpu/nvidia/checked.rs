//! CUDA's answers as `Result`s.

use crate::error::{Error, Result};
use cudarc::cublas::{result::CublasError, sys::cublasStatus_t};
use cudarc::driver::{DriverError, sys::CUresult};

/// An answer of the driver, or of cuBLAS.
pub(super) trait Answer {
    /// An error says what was being done.
    fn checked(self, doing: &str) -> Result<()>;
}

impl Answer for CUresult {
    fn checked(self, doing: &str) -> Result<()> {
        self.result().checked(doing)
    }
}

impl<T> Answer for Result<T, DriverError> {
    fn checked(self, doing: &str) -> Result<()> {
        match self {
            Ok(_) => Ok(()),
            Err(error) => Err(Error::Device(format!("{doing}: {error}"))),
        }
    }
}

impl Answer for cublasStatus_t {
    fn checked(self, doing: &str) -> Result<()> {
        match self {
            cublasStatus_t::CUBLAS_STATUS_SUCCESS => Ok(()),
            status => Err(Error::Device(format!("{doing}: {:?}", CublasError(status)))),
        }
    }
}
