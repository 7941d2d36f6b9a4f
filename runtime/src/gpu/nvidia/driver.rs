//! Commands on a GPU.
//!
//! Everything of a network is done in order on one stream that belongs to it. A lock holds the stream for each call, so
//! that nothing else slips into a step that is being captured.

use super::checked::Answer;
use super::cudnn::Convolutions;
use super::handle;
use super::memory::take;
use super::options::{CudaOptions, options};
use super::staging::Staging;
use crate::error::{Error, Result};
use crate::gpu::command::{Argument, Command, Pointer, Product};
use crate::gpu::driver::Driver;
use crate::gpu::host::Copies;
use cudarc::cublas::sys as blas;
use cudarc::driver::CudaDevice;
use cudarc::driver::sys::{
    self, CUdeviceptr, CUfunction, CUgraphExec, CUmodule, CUresult, CUstream,
};
use dfdx::tensor::Cuda;
use std::collections::HashMap;
use std::ffi::{CString, c_int, c_void};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Our kernels as PTX, which the driver translates for the GPU at hand; nothing where there was no compiler.
const KERNELS: &str = concat!(include_str!(concat!(env!("OUT_DIR"), "/kernels.ptx")), "\0");

/// Threads of a block.
const BLOCK: u32 = 256;

/// Bytes that cuBLAS may work in: what NVIDIA recommends for Hopper. With room of its own it takes none while a step is
/// captured, and gives the same results each time.
const WORKSPACE: usize = 32 << 20;

/// A GPU.
#[derive(Debug)]
pub struct Nvidia {
    options: CudaOptions,
    queue: Mutex<Queue>,
    // Last, for everything above lives in its context.
    device: Arc<CudaDevice>,
}

/// The stream of one network and what works on it.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) stream: CUstream,
    /// Whether steps are captured and replayed.
    pub(super) captures: bool,
    /// Whether something is being captured just now.
    pub(super) capturing: bool,
    /// cuDNN, where it is to be used.
    pub(super) cudnn: Option<Convolutions>,
    staging: Staging,
    blas: blas::cublasHandle_t,
    workspace: CUdeviceptr,
    module: CUmodule,
    functions: HashMap<&'static str, CUfunction>,
}

// SAFETY: CUDA's handles may be used from any thread on which the context is current, and `Nvidia::queue` sees to that.
unsafe impl Send for Queue {}

/// A step that has been captured.
#[derive(Debug)]
pub struct Captured {
    graph: Graph,
    device: Arc<CudaDevice>,
}

// SAFETY: as for the queue.
unsafe impl Send for Captured {}

impl Drop for Captured {
    fn drop(&mut self) {
        // The graph is dropped next and needs the context.
        let _ = self.device.bind_to_thread();
    }
}

/// Work that has been captured.
#[derive(Debug)]
pub(super) struct Graph(CUgraphExec);

impl Drop for Graph {
    fn drop(&mut self) {
        // SAFETY: made by `captured`, and given back once. What fails here cannot be helped.
        let _ = unsafe { sys::cuGraphExecDestroy(self.0) };
    }
}

/// What became of loading the kernels. `version` is what [`driver_version`] gives.
pub(super) fn loaded(answer: CUresult, version: i32) -> Result<()> {
    match answer {
        CUresult::CUDA_ERROR_UNSUPPORTED_PTX_VERSION => Err(Error::NoGpu {
            reason: format!(
                "the NVIDIA driver is one for CUDA {}.{}, and the program was built with a newer CUDA",
                version / 1000,
                version % 1000 / 10
            ),
            way_out: "update the driver, or build the program with that CUDA",
        }),
        answer => answer.checked("loading Addax's kernels"),
    }
}

/// The newest CUDA that the driver knows, for instance 13000; 0 if it does not say.
fn driver_version() -> i32 {
    let mut version = 0;
    // SAFETY: the number is written to a place that lives.
    let _ = unsafe { sys::cuDriverGetVersion(&raw mut version) };
    version
}

impl Nvidia {
    /// How many passes of convolutions are cuDNN's so far, and how many ours; nothing without cuDNN.
    #[cfg(test)]
    pub(super) fn convolutions(&self) -> Option<(usize, usize)> {
        let queue = self.queue().expect("the device is there");
        queue.cudnn.as_ref().map(Convolutions::counts)
    }

    /// The stream, with the device's context current on this thread.
    fn queue(&self) -> Result<MutexGuard<'_, Queue>> {
        self.device.bind_to_thread().checked("choosing the GPU")?;
        // A panic inside leaves handles that are as valid as before.
        Ok(self.queue.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Queue {
    fn new(options: &CudaOptions) -> Result<Self> {
        let mut queue = Queue {
            stream: ptr::null_mut(),
            captures: options.capture,
            capturing: false,
            cudnn: None,
            staging: Staging::new()?,
            blas: ptr::null_mut(),
            workspace: 0,
            module: ptr::null_mut(),
            functions: HashMap::new(),
        };
        let math = match options.tf32 {
            true => blas::cublasMath_t::CUBLAS_TF32_TENSOR_OP_MATH,
            false => blas::cublasMath_t::CUBLAS_DEFAULT_MATH,
        };
        let flags = sys::CUstream_flags::CU_STREAM_NON_BLOCKING as u32;
        // SAFETY: the handles are written to places that live; the text of the kernels ends with a zero.
        unsafe {
            sys::cuStreamCreate(&raw mut queue.stream, flags).checked("making a stream")?;
            let answer = sys::cuModuleLoadData(&raw mut queue.module, KERNELS.as_ptr().cast());
            loaded(answer, driver_version())?;
            blas::cublasCreate_v2(&raw mut queue.blas).checked("starting cuBLAS")?;
            // The workspace comes after the stream, for setting the stream resets it.
            blas::cublasSetStream_v2(queue.blas, queue.stream.cast())
                .checked("setting up cuBLAS")?;
            queue.workspace = take(WORKSPACE)?;
            blas::cublasSetWorkspace_v2(queue.blas, queue.workspace as *mut c_void, WORKSPACE)
                .checked("setting up cuBLAS")?;
            blas::cublasSetMathMode(queue.blas, math).checked("setting up cuBLAS")?;
        }
        queue.cudnn = Convolutions::new(options, queue.stream)?;
        Ok(queue)
    }

    fn wait(&self) -> Result<()> {
        // SAFETY: the stream was made in `new`.
        unsafe { sys::cuStreamSynchronize(self.stream) }.checked("waiting for the GPU")
    }

    fn function(&mut self, kernel: &'static str) -> Result<CUfunction> {
        if let Some(function) = self.functions.get(kernel) {
            return Ok(*function);
        }
        let name = CString::new(kernel).map_err(Error::device)?;
        let mut function = ptr::null_mut();
        // SAFETY: the name ends with a zero; the function is written to a place that lives.
        unsafe { sys::cuModuleGetFunction(&raw mut function, self.module, name.as_ptr()) }
            .checked(kernel)?;
        self.functions.insert(kernel, function);
        Ok(function)
    }

    pub(super) fn run(&mut self, commands: &[Command]) -> Result<()> {
        commands.iter().try_for_each(|command| match command {
            Command::Launch {
                kernel,
                grid,
                arguments,
            } => self.launch(kernel, *grid, arguments),
            Command::Product(product) => self.product(product),
            Command::Convolution(convolution) => self.convolution(convolution),
            Command::Host(_) if self.capturing => Err(Error::Device(
                "the host's work cannot be captured".to_owned(),
            )),
            Command::Host(call) => call.run(self),
        })
    }

    fn launch(
        &mut self,
        kernel: &'static str,
        grid: [u32; 3],
        arguments: &[Argument],
    ) -> Result<()> {
        let function = self.function(kernel)?;
        let values: Vec<Vec<u64>> = arguments.iter().map(Argument::words).collect();
        let mut places: Vec<*mut c_void> = values
            .iter()
            .map(|value| value.as_ptr().cast_mut().cast())
            .collect();
        let [x, y, z] = grid;
        // SAFETY: as many arguments as the kernel takes, of the sizes it reads: the tests run every command on an
        // emulator that counts them. The pointers lead into memory of this device, laid out by the plan.
        unsafe {
            sys::cuLaunchKernel(
                function,
                x,
                y,
                z,
                BLOCK,
                1,
                1,
                0,
                self.stream,
                places.as_mut_ptr(),
                ptr::null_mut(),
            )
        }
        .checked(kernel)
    }

    /// cuBLAS stores matrices by columns, so what it takes for `Bᵀ · Aᵀ = Cᵀ` is our `A · B = C`.
    fn product(&self, product: &Product) -> Result<()> {
        let Product { m, n, k, .. } = *product;
        let operation = |transposed| match transposed {
            true => blas::cublasOperation_t::CUBLAS_OP_T,
            false => blas::cublasOperation_t::CUBLAS_OP_N,
        };
        let [m, n, k] = [m, n, k].map(|count| count as c_int);
        let [lda, ldb, ldc] = product.row_strides().map(|count| count as c_int);
        let one = 1.0_f32;
        let of_before = if product.accumulate { 1.0_f32 } else { 0.0 };
        // SAFETY: the plan gives matrices of these sizes in memory of this device; the factors are read before the call
        // returns.
        unsafe {
            blas::cublasSgemm_v2(
                self.blas,
                operation(product.transpose_b),
                operation(product.transpose_a),
                n,
                m,
                k,
                &raw const one,
                product.b.0 as *const f32,
                ldb,
                product.a.0 as *const f32,
                lda,
                &raw const of_before,
                product.c.0 as *mut f32,
                ldc,
            )
        }
        .checked("a matrix product")
    }

    /// Looks kernels up, as nothing may be loaded during a capture.
    fn look_up(&mut self, commands: &[Command]) -> Result<()> {
        commands.iter().try_for_each(|command| match command {
            Command::Launch { kernel, .. } => self.function(kernel).map(|_| ()),
            Command::Product(_) | Command::Host(_) => Ok(()),
            Command::Convolution(convolution) => {
                self.look_up(&convolution.own)?;
                self.look_up(&convolution.bare.before)?;
                self.look_up(&convolution.bare.after)
            }
        })
    }

    /// Captures what `work` puts on the stream, instead of running it.
    pub(super) fn captured(&mut self, work: impl FnOnce(&mut Self) -> Result<()>) -> Result<Graph> {
        let mode = sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
        let doing = "capturing a step";
        let (mut graph, mut executable) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the stream was made in `new`; what is made here is written to places that live. A capture that was
        // begun is ended whatever happens, and giving the graph back cannot change what was made of it.
        unsafe {
            sys::cuStreamBeginCapture_v2(self.stream, mode).checked(doing)?;
            self.capturing = true;
            let run = work(self);
            self.capturing = false;
            let ended = sys::cuStreamEndCapture(self.stream, &raw mut graph).checked(doing);
            let made = run.and(ended).and_then(|()| {
                sys::cuGraphInstantiateWithFlags(&raw mut executable, graph, 0).checked(doing)
            });
            if !graph.is_null() {
                let _ = sys::cuGraphDestroy(graph);
            }
            made.map(|()| Graph(executable))
        }
    }

    /// Runs what was captured.
    pub(super) fn replay(&self, graph: &Graph) -> Result<()> {
        // SAFETY: captured on this device; the memory it works on belongs to the plan, which is alive.
        unsafe { sys::cuGraphLaunch(graph.0, self.stream) }.checked("running a step")
    }
}

impl Copies for Queue {
    fn download(&mut self, from: Pointer, bytes: &mut [u8]) -> Result<()> {
        let doing = "copying from the GPU";
        // SAFETY: both sides have so many bytes, and the bytes are waited for.
        unsafe {
            sys::cuMemcpyDtoHAsync_v2(bytes.as_mut_ptr().cast(), from.0, bytes.len(), self.stream)
        }
        .checked(doing)?;
        self.wait()
    }

    fn upload(&mut self, to: Pointer, bytes: &[u8]) -> Result<()> {
        let stream = self.stream;
        let fill = &mut |to: &mut [u8]| to.copy_from_slice(bytes);
        self.staging.feed(to.0, bytes.len(), fill, stream)
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        let _ = self.wait();
        // It works on the stream.
        self.cudnn = None;
        // SAFETY: each was made in `new`, or is nothing, and is given back once. What fails here cannot be helped.
        unsafe {
            if !self.blas.is_null() {
                let _ = blas::cublasDestroy_v2(self.blas);
            }
            if self.workspace != 0 {
                let _ = sys::cuMemFree_v2(self.workspace);
            }
            if !self.module.is_null() {
                let _ = sys::cuModuleUnload(self.module);
            }
            if !self.stream.is_null() {
                let _ = sys::cuStreamDestroy_v2(self.stream);
            }
        }
    }
}

impl Drop for Nvidia {
    fn drop(&mut self) {
        // The queue is dropped next and needs the context.
        let _ = self.device.bind_to_thread();
    }
}

impl Driver for Nvidia {
    type Device = Cuda;
    type Captured = Captured;

    fn open(device: &Cuda) -> Result<Arc<Self>> {
        let device = handle(device)?;
        device.bind_to_thread().checked("choosing the GPU")?;
        let options = options(&device);
        Ok(Arc::new(Nvidia {
            options,
            queue: Mutex::new(Queue::new(&options)?),
            device,
        }))
    }

    fn captures(&self) -> bool {
        self.options.capture
    }

    fn allocate(&self, bytes: usize) -> Result<Pointer> {
        let queue = self.queue()?;
        let start = take(bytes)?;
        // SAFETY: the memory was just taken and has at least so many bytes.
        unsafe { sys::cuMemsetD8Async(start, 0, bytes, queue.stream) }
            .checked("clearing memory")?;
        Ok(Pointer(start))
    }

    fn free(&self, memory: Pointer) {
        // What fails here cannot be helped: the driver is gone, and the memory with it.
        if let Ok(queue) = self.queue() {
            let _ = queue.wait();
            // SAFETY: taken by `allocate`, given back once, and nothing is at work on it.
            let _ = unsafe { sys::cuMemFree_v2(memory.0) };
        }
    }

    fn zero(&self, to: Pointer, bytes: usize) -> Result<()> {
        let queue = self.queue()?;
        // SAFETY: the caller's memory has so many bytes.
        unsafe { sys::cuMemsetD8Async(to.0, 0, bytes, queue.stream) }.checked("clearing memory")
    }

    fn copy(&self, from: Pointer, to: Pointer, bytes: usize) -> Result<()> {
        let queue = self.queue()?;
        // SAFETY: the caller's memory has so many bytes on both sides.
        unsafe { sys::cuMemcpyDtoDAsync_v2(to.0, from.0, bytes, queue.stream) }
            .checked("copying on the GPU")
    }

    fn feed(&self, to: Pointer, bytes: usize, fill: &mut dyn FnMut(&mut [u8])) -> Result<()> {
        if bytes == 0 {
            return Ok(());
        }
        let mut queue = self.queue()?;
        let stream = queue.stream;
        queue.staging.feed(to.0, bytes, fill, stream)
    }

    fn download(&self, from: Pointer, bytes: &mut [u8]) -> Result<()> {
        self.queue()?.download(from, bytes)
    }

    fn run(&self, commands: &[Command]) -> Result<()> {
        self.queue()?.run(commands)
    }

    fn capture(&self, commands: &[Command]) -> Result<Captured> {
        let mut queue = self.queue()?;
        queue.look_up(commands)?;
        Ok(Captured {
            graph: queue.captured(|queue| queue.run(commands))?,
            device: Arc::clone(&self.device),
        })
    }

    fn replay(&self, captured: &Captured) -> Result<()> {
        self.queue()?.replay(&captured.graph)
    }
}
