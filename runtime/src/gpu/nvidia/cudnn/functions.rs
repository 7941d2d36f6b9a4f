//! cuDNN's functions, looked up in the library of the machine.

use super::super::library::{CUDNN, Library};
use crate::error::{Error, Result};
use cudarc::driver::sys::CUstream;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::OnceLock;

/// `cudnnStatus_t`.
pub(super) type Status = c_int;
/// `cudnnHandle_t`.
pub(super) type Handle = *mut c_void;
/// A descriptor of any kind.
pub(super) type Described = *mut c_void;

/// `CUDNN_STATUS_SUCCESS`.
const SUCCESS: Status = 0;
/// `CUDNN_STATUS_NOT_SUPPORTED` and the codes that say why.
const NOT_SUPPORTED: std::ops::Range<Status> = 3000..4000;
/// `CUDNN_DEFAULT_MATH`, which works in TF32 where that is faster.
pub(super) const TF32_MATH: c_int = 0;
/// `CUDNN_FMA_MATH`.
pub(super) const FMA_MATH: c_int = 3;
/// `CUDNN_DATA_FLOAT`.
pub(super) const FLOAT: c_int = 0;
/// `CUDNN_TENSOR_NHWC`.
pub(super) const NHWC: c_int = 1;
/// `CUDNN_CROSS_CORRELATION`: what is called a convolution everywhere else.
pub(super) const CROSS_CORRELATION: c_int = 1;

/// The table of the functions, and how it is filled.
macro_rules! functions {
    ($(fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $answer:ty;)*) => {
        /// The functions that are called here, with the signatures of cuDNN 9's headers.
        #[derive(Debug)]
        #[allow(non_snake_case, reason = "the names are cuDNN's")]
        pub(super) struct Functions {
            $(pub(super) $name: unsafe extern "C" fn($($argument: $type),*) -> $answer,)*
        }

        impl Functions {
            /// All of them, or what is missing.
            fn load(library: &Library) -> Result<Self, String> {
                library.open()?;
                Ok(Functions { $($name: match library.symbol(stringify!($name)) {
                    0 => return Err(concat!("it has no `", stringify!($name), "`").to_owned()),
                    address => {
                        type Function = unsafe extern "C" fn($($type),*) -> $answer;
                        // SAFETY: the library's function of this name has this signature.
                        unsafe { core::mem::transmute::<usize, Function>(address) }
                    }
                },)* })
            }
        }
    };
}

functions! {
    fn cudnnCreate(handle: *mut Handle) -> Status;
    fn cudnnDestroy(handle: Handle) -> Status;
    fn cudnnSetStream(handle: Handle, stream: CUstream) -> Status;
    fn cudnnGetErrorString(status: Status) -> *const c_char;
    fn cudnnCreateTensorDescriptor(descriptor: *mut Described) -> Status;
    fn cudnnSetTensor4dDescriptor(descriptor: Described, format: c_int, data: c_int, n: c_int, c: c_int, h: c_int, w: c_int) -> Status;
    fn cudnnDestroyTensorDescriptor(descriptor: Described) -> Status;
    fn cudnnCreateFilterDescriptor(descriptor: *mut Described) -> Status;
    fn cudnnSetFilter4dDescriptor(descriptor: Described, data: c_int, format: c_int, k: c_int, c: c_int, h: c_int, w: c_int) -> Status;
    fn cudnnDestroyFilterDescriptor(descriptor: Described) -> Status;
    fn cudnnCreateConvolutionDescriptor(descriptor: *mut Described) -> Status;
    fn cudnnSetConvolution2dDescriptor(descriptor: Described, pad_h: c_int, pad_w: c_int, stride_h: c_int, stride_w: c_int, dilation_h: c_int, dilation_w: c_int, mode: c_int, compute: c_int) -> Status;
    fn cudnnSetConvolutionMathType(descriptor: Described, math: c_int) -> Status;
    fn cudnnDestroyConvolutionDescriptor(descriptor: Described) -> Status;
    fn cudnnGetConvolutionForwardWorkspaceSize(handle: Handle, x: Described, w: Described, convolution: Described, y: Described, algorithm: c_int, bytes: *mut usize) -> Status;
    fn cudnnConvolutionForward(handle: Handle, alpha: *const c_void, x: Described, x_data: *const c_void, w: Described, w_data: *const c_void, convolution: Described, algorithm: c_int, workspace: *mut c_void, bytes: usize, beta: *const c_void, y: Described, y_data: *mut c_void) -> Status;
    fn cudnnGetConvolutionBackwardDataWorkspaceSize(handle: Handle, w: Described, dy: Described, convolution: Described, dx: Described, algorithm: c_int, bytes: *mut usize) -> Status;
    fn cudnnConvolutionBackwardData(handle: Handle, alpha: *const c_void, w: Described, w_data: *const c_void, dy: Described, dy_data: *const c_void, convolution: Described, algorithm: c_int, workspace: *mut c_void, bytes: usize, beta: *const c_void, dx: Described, dx_data: *mut c_void) -> Status;
    fn cudnnGetConvolutionBackwardFilterWorkspaceSize(handle: Handle, x: Described, dy: Described, convolution: Described, dw: Described, algorithm: c_int, bytes: *mut usize) -> Status;
    fn cudnnConvolutionBackwardFilter(handle: Handle, alpha: *const c_void, x: Described, x_data: *const c_void, dy: Described, dy_data: *const c_void, convolution: Described, algorithm: c_int, workspace: *mut c_void, bytes: usize, beta: *const c_void, dw: Described, dw_data: *mut c_void) -> Status;
}

/// The functions of the installed cuDNN.
pub(super) fn functions() -> Result<&'static Functions> {
    static LOADED: OnceLock<Result<Functions, String>> = OnceLock::new();
    let loaded = LOADED.get_or_init(|| Functions::load(&CUDNN));
    loaded.as_ref().map_err(|reason| missing(reason))
}

/// The error of a program that cannot do without cuDNN.
pub(super) fn missing(reason: &str) -> Error {
    Error::NoLibrary {
        library: "cuDNN 9",
        wanted_by: "`Cudnn::Always`",
        reason: reason.to_owned(),
        way_out: "install it and put the folder of `libcudnn.so.9` on `LD_LIBRARY_PATH`, or say `Cudnn::WhereFaster`, \
                  which does without",
    }
}

impl Functions {
    /// An error says what was being done.
    pub(super) fn checked(&self, status: Status, doing: &str) -> Result<()> {
        if status == SUCCESS {
            return Ok(());
        }
        // SAFETY: cuDNN has words for every status, which end with a zero and are never given back.
        let words = unsafe { CStr::from_ptr((self.cudnnGetErrorString)(status)) };
        Err(Error::Device(format!(
            "{doing}: {}",
            words.to_string_lossy()
        )))
    }

    /// The same, but `false` for what cuDNN does not have.
    pub(super) fn supported(&self, status: Status, doing: &str) -> Result<bool> {
        match NOT_SUPPORTED.contains(&status) {
            true => Ok(false),
            false => self.checked(status, doing).map(|()| true),
        }
    }
}
