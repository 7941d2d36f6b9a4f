//! A pass of a convolution, ready to be run by cuDNN.
//!
//! Images are NHWC for cuDNN. Its filters are KCRS or KRSC, and their descriptor has no strides, so that our (height,
//! width, channels, filters) cannot be said: the kernel is turned over before (see [`BareConvolution`]), which is the
//! transpose of a matrix.

use super::super::memory::take;
use super::Convolutions;
use super::functions::{CROSS_CORRELATION, Described, FLOAT, Functions, Handle, NHWC, Status};
use crate::error::{Error, Result};
use crate::gpu::convolution::{BareConvolution, ConvolutionPass, ConvolutionSizes};
use cudarc::driver::sys::{self, CUdeviceptr};
use std::ffi::{c_int, c_void};
use std::ptr;
use std::rc::{Rc, Weak};

/// The algorithms that are tried, the most promising first: those that are matrix products as our kernels are, with
/// results of the same precision, and that NVIDIA calls deterministic. Those by Fourier and by Winograd round otherwise.
pub(super) const fn algorithms(pass: ConvolutionPass) -> &'static [c_int] {
    match pass {
        // CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM.
        ConvolutionPass::Forward => &[1, 0],
        // CUDNN_CONVOLUTION_BWD_DATA_ALGO_1.
        ConvolutionPass::InputGradient => &[1],
        // CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1.
        ConvolutionPass::KernelGradient => &[1],
    }
}

/// Bytes that an algorithm may ask for to work in.
const MOST_WORKSPACE: usize = 1 << 30;

/// Descriptors of one kind: how they are made and given back.
type Kind = (
    unsafe extern "C" fn(*mut Described) -> Status,
    unsafe extern "C" fn(Described) -> Status,
);

/// A descriptor, given back when it is dropped.
#[derive(Debug)]
struct Descriptor {
    described: Described,
    destroy: unsafe extern "C" fn(Described) -> Status,
}

impl Descriptor {
    fn new(functions: &Functions, (create, destroy): Kind) -> Result<Self> {
        let mut described = ptr::null_mut();
        // SAFETY: the descriptor is written to a place that lives.
        let status = unsafe { create(&raw mut described) };
        functions.checked(status, DESCRIBING)?;
        Ok(Descriptor { described, destroy })
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: made in `new`, and given back once. What fails here cannot be helped.
        let _ = unsafe { (self.destroy)(self.described) };
    }
}

const DESCRIBING: &str = "describing a convolution to cuDNN";

/// Memory that algorithms work in. As all of it is on one stream, plans share it.
#[derive(Debug)]
pub(super) struct Workspace {
    start: CUdeviceptr,
    bytes: usize,
}

impl Drop for Workspace {
    fn drop(&mut self) {
        // SAFETY: taken in `Workspaces::at_least`, and given back once, when no plan and no captured step needs it any
        // more: plans live as long as their stream. What fails here cannot be helped.
        let _ = unsafe { sys::cuMemFree_v2(self.start) };
    }
}

/// The workspaces that plans have.
#[derive(Debug, Default)]
pub(super) struct Workspaces(Vec<Weak<Workspace>>);

impl Workspaces {
    /// One of at least so many bytes. It stays where it is, for captured steps have its address.
    fn at_least(&mut self, bytes: usize) -> Result<Option<Rc<Workspace>>> {
        if bytes == 0 {
            return Ok(None);
        }
        self.0.retain(|workspace| workspace.strong_count() > 0);
        let mut all = self.0.iter().filter_map(Weak::upgrade);
        if let Some(found) = all.find(|workspace| workspace.bytes >= bytes) {
            return Ok(Some(found));
        }
        let start = take(bytes)?;
        let workspace = Rc::new(Workspace { start, bytes });
        self.0.push(Rc::downgrade(&workspace));
        Ok(Some(workspace))
    }
}

/// A pass of a convolution, ready to be run.
#[derive(Debug)]
pub(super) struct Plan {
    functions: &'static Functions,
    handle: Handle,
    pass: ConvolutionPass,
    algorithm: c_int,
    x: Descriptor,
    kernel: Descriptor,
    y: Descriptor,
    convolution: Descriptor,
    workspace: Option<Rc<Workspace>>,
}

impl Plan {
    /// Nothing if cuDNN cannot do this, or only in more memory than it is given.
    pub(super) fn new(
        cudnn: &mut Convolutions,
        pass: ConvolutionPass,
        sizes: ConvolutionSizes,
        algorithm: c_int,
    ) -> Result<Option<Plan>> {
        let functions = cudnn.functions;
        let tensor = (
            functions.cudnnCreateTensorDescriptor,
            functions.cudnnDestroyTensorDescriptor,
        );
        let filter = (
            functions.cudnnCreateFilterDescriptor,
            functions.cudnnDestroyFilterDescriptor,
        );
        let convolution = (
            functions.cudnnCreateConvolutionDescriptor,
            functions.cudnnDestroyConvolutionDescriptor,
        );
        let mut plan = Plan {
            functions,
            handle: cudnn.handle,
            pass,
            algorithm,
            x: Descriptor::new(functions, tensor)?,
            kernel: Descriptor::new(functions, filter)?,
            y: Descriptor::new(functions, tensor)?,
            convolution: Descriptor::new(functions, convolution)?,
            workspace: None,
        };
        plan.describe(sizes, cudnn.math)?;
        let mut bytes = 0;
        // SAFETY: the handle and the descriptors were made with these functions, and are alive.
        let status = unsafe { plan.ask_for_workspace(&mut bytes) };
        if !functions.supported(status, DESCRIBING)? || bytes > MOST_WORKSPACE {
            return Ok(None);
        }
        plan.workspace = cudnn.workspaces.at_least(bytes)?;
        Ok(Some(plan))
    }

    fn describe(&self, sizes: ConvolutionSizes, math: c_int) -> Result<()> {
        let ConvolutionSizes {
            rows,
            input,
            channels,
            output,
            filters,
            kernel,
            strides,
            padding,
        } = sizes;
        let [rows, channels, filters] = int([rows, channels, filters])?;
        let [input_h, input_w] = int(input)?;
        let [output_h, output_w] = int(output)?;
        let [kernel_h, kernel_w] = int(kernel)?;
        let [stride_h, stride_w] = int(strides)?;
        let [pad_h, pad_w] = int(padding)?;
        let f = self.functions;
        let convolution = self.convolution.described;
        let tensor = f.cudnnSetTensor4dDescriptor;
        // SAFETY: the descriptors are alive and of the kinds that the functions take.
        let answers = unsafe {
            [
                tensor(
                    self.x.described,
                    NHWC,
                    FLOAT,
                    rows,
                    channels,
                    input_h,
                    input_w,
                ),
                tensor(
                    self.y.described,
                    NHWC,
                    FLOAT,
                    rows,
                    filters,
                    output_h,
                    output_w,
                ),
                (f.cudnnSetFilter4dDescriptor)(
                    self.kernel.described,
                    FLOAT,
                    NHWC,
                    filters,
                    channels,
                    kernel_h,
                    kernel_w,
                ),
                (f.cudnnSetConvolution2dDescriptor)(
                    convolution,
                    pad_h,
                    pad_w,
                    stride_h,
                    stride_w,
                    1,
                    1,
                    CROSS_CORRELATION,
                    FLOAT,
                ),
                (f.cudnnSetConvolutionMathType)(convolution, math),
            ]
        };
        answers
            .into_iter()
            .try_for_each(|status| f.checked(status, DESCRIBING))
    }

    unsafe fn ask_for_workspace(&self, bytes: &mut usize) -> Status {
        let f = self.functions;
        let (x, kernel, y) = (self.x.described, self.kernel.described, self.y.described);
        let (handle, convolution) = (self.handle, self.convolution.described);
        let algorithm = self.algorithm;
        // SAFETY: as the caller says.
        unsafe {
            match self.pass {
                ConvolutionPass::Forward => (f.cudnnGetConvolutionForwardWorkspaceSize)(
                    handle,
                    x,
                    kernel,
                    convolution,
                    y,
                    algorithm,
                    bytes,
                ),
                ConvolutionPass::InputGradient => (f.cudnnGetConvolutionBackwardDataWorkspaceSize)(
                    handle,
                    kernel,
                    y,
                    convolution,
                    x,
                    algorithm,
                    bytes,
                ),
                ConvolutionPass::KernelGradient => (f
                    .cudnnGetConvolutionBackwardFilterWorkspaceSize)(
                    handle,
                    x,
                    y,
                    convolution,
                    kernel,
                    algorithm,
                    bytes,
                ),
            }
        }
    }

    /// Runs the pass on the stream of the handle. `false` if cuDNN finds only now that it cannot.
    pub(super) fn run(&self, bare: &BareConvolution) -> Result<bool> {
        let f = self.functions;
        let (one, zero) = (1.0_f32, 0.0_f32);
        let (one, zero) = ((&raw const one).cast(), (&raw const zero).cast());
        let (space, bytes) = match &self.workspace {
            Some(workspace) => (workspace.start as *mut c_void, workspace.bytes),
            None => (ptr::null_mut(), 0),
        };
        let (x, kernel, y) = (self.x.described, self.kernel.described, self.y.described);
        let [x_data, kernel_data, y_data] =
            [bare.x, bare.kernel, bare.y].map(|pointer| pointer.0 as *mut c_void);
        let (handle, convolution) = (self.handle, self.convolution.described);
        let algorithm = self.algorithm;
        // SAFETY: the handle and the descriptors were made with these functions and are alive; the caller's tensors have
        // the sizes that were described; the factors are read before the call returns.
        let status = unsafe {
            match self.pass {
                ConvolutionPass::Forward => (f.cudnnConvolutionForward)(
                    handle,
                    one,
                    x,
                    x_data,
                    kernel,
                    kernel_data,
                    convolution,
                    algorithm,
                    space,
                    bytes,
                    zero,
                    y,
                    y_data,
                ),
                ConvolutionPass::InputGradient => (f.cudnnConvolutionBackwardData)(
                    handle,
                    one,
                    kernel,
                    kernel_data,
                    y,
                    y_data,
                    convolution,
                    algorithm,
                    space,
                    bytes,
                    zero,
                    x,
                    x_data,
                ),
                ConvolutionPass::KernelGradient => (f.cudnnConvolutionBackwardFilter)(
                    handle,
                    one,
                    x,
                    x_data,
                    y,
                    y_data,
                    convolution,
                    algorithm,
                    space,
                    bytes,
                    zero,
                    kernel,
                    kernel_data,
                ),
            }
        };
        f.supported(status, "a convolution by cuDNN")
    }
}

/// Sizes as cuDNN takes them.
fn int<const N: usize>(sizes: [usize; N]) -> Result<[c_int; N]> {
    let mut ints = [0; N];
    for (int, size) in ints.iter_mut().zip(sizes) {
        *int = c_int::try_from(size).map_err(Error::device)?;
    }
    Ok(ints)
}
