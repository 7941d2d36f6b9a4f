//! Convolutions by cuDNN are our convolutions. Without a GPU, or without cuDNN, most of this is skipped, and says so.

use super::functions::missing;
use super::*;
use crate::error::Error;
use crate::golden::gpu::layers::every_layer;
use crate::gpu::driver::{Driver, Memory};
use crate::gpu::nvidia::library::{CUDNN, DRIVER};
use crate::gpu::nvidia::tests::{gpu, gpu_with, train};
use crate::gpu::nvidia::{Nvidia, cuda_with};
use crate::gpu::tests::large_layers::large_layers;
use crate::gpu::{Command, RecordForward, Recorder};
use crate::layers::{Conv2D, Layer, Padding};
use crate::shape::Shape;
use dfdx::tensor::Cuda;
use std::sync::Arc;

/// A GPU on a machine with cuDNN. With `ADDAX_NEEDS_CUDNN` set, a missing one is a failure.
fn with_cudnn(options: CudaOptions) -> Option<Cuda> {
    gpu()?;
    match functions() {
        Ok(_) => gpu_with(options),
        Err(error) if std::env::var_os("ADDAX_NEEDS_CUDNN").is_some() => panic!("{error}"),
        Err(error) => {
            eprintln!("skipped: {error}");
            None
        }
    }
}

fn options(cudnn: Cudnn) -> CudaOptions {
    CudaOptions {
        cudnn,
        seed: 3,
        ..CudaOptions::default()
    }
}

/// Whether times are those of the stand-in, which are known.
fn on_the_stand_in() -> bool {
    DRIVER.symbol("addax_standin_ready") != 0
}

fn close(a: &[f32], b: &[f32], tolerance: f32) -> bool {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance)
}

#[test]
fn cudnn_that_is_missing_is_an_error_only_where_it_is_demanded() {
    let reason = "libcudnn.so.9: cannot open shared object file: No such file or directory";
    let start = || Err::<(), _>(missing(reason));
    assert!(matches!(
        wanted(Cudnn::Off, || panic!("nobody asked")),
        Ok(None::<()>)
    ));
    assert!(matches!(wanted(Cudnn::WhereFaster, start), Ok(None)));
    assert!(matches!(wanted(Cudnn::WhereFaster, || Ok(1)), Ok(Some(1))));
    assert!(matches!(wanted(Cudnn::Always, || Ok(1)), Ok(Some(1))));
    let error = wanted(Cudnn::Always, start).expect_err("it is demanded");
    assert!(matches!(error, Error::NoLibrary { .. }));
    assert_eq!(
        error.to_string(),
        "`Cudnn::Always` needs cuDNN 9, which is not installed (libcudnn.so.9: cannot open shared object file: No such \
         file or directory); install it and put the folder of `libcudnn.so.9` on `LD_LIBRARY_PATH`, or say \
         `Cudnn::WhereFaster`, which does without"
    );
}

#[test]
fn a_gpu_without_cudnn_trains_as_if_nobody_had_asked_on_cuda() {
    let (Some(plain), Some(asked)) = (
        gpu_with(options(Cudnn::Off)),
        gpu_with(options(Cudnn::WhereFaster)),
    ) else {
        return;
    };
    if functions().is_ok() {
        eprintln!("skipped: cuDNN is installed");
        return;
    }
    let error = cuda_with(0, options(Cudnn::Always)).expect_err("it is demanded");
    assert!(matches!(error, Error::NoLibrary { .. }), "{error}");
    assert_eq!(Nvidia::open(&asked).unwrap().convolutions(), None);
    assert_eq!(train(&plain), train(&asked));
}

/// Needs no GPU: whatever cuDNN is installed has the functions that are called here.
#[test]
fn an_installed_cudnn_has_all_functions() {
    match CUDNN.open() {
        Ok(_) => assert!(functions().is_ok(), "{:?}", functions()),
        Err(error) => eprintln!("skipped: {error}"),
    }
}

#[test]
fn layers_by_cudnn_are_keras_layers_on_cuda() {
    let Some(device) = with_cudnn(options(Cudnn::Always)) else {
        return;
    };
    every_layer::<Nvidia>(&device);
}

#[test]
fn large_layers_by_cudnn_agree_on_cuda() {
    let Some(device) = with_cudnn(options(Cudnn::Always)) else {
        return;
    };
    large_layers::<Nvidia>(&device);
}

#[test]
fn a_training_by_cudnn_is_the_same_training_on_cuda() {
    // A new device each time, for a model draws from its generator.
    let training = |options: CudaOptions| with_cudnn(options).map(|device| train(&device));
    let Some((expected, losses)) = training(options(Cudnn::Off)) else {
        return;
    };
    for cudnn in [Cudnn::Always, Cudnn::WhereFaster] {
        let Some((answers, other_losses)) = training(options(cudnn)) else {
            return;
        };
        let (answers, expected) = (answers.as_flattened(), expected.as_flattened());
        assert!(close(answers, expected, 1e-5), "{answers:?} {expected:?}");
        for (a, b) in losses.iter().zip(&other_losses) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }
    // Bit for bit, in another run and without captures.
    let by_cudnn = training(options(Cudnn::Always));
    assert_eq!(by_cudnn, training(options(Cudnn::Always)));
    let plain = CudaOptions {
        capture: false,
        ..options(Cudnn::Always)
    };
    assert_eq!(by_cudnn, training(plain));
}

/// A convolution with everything that it works on.
struct Laid {
    driver: Arc<Nvidia>,
    commands: Vec<Command>,
    output: Memory<Nvidia>,
    numbers: usize,
    _others: [Memory<Nvidia>; 3],
}

impl Laid {
    /// The forward pass of a layer without bias for some images.
    fn new(driver: &Arc<Nvidia>, layer: Conv2D, rows: usize, input: [usize; 3]) -> Self {
        let input = Shape::new(input);
        let outcome = layer.output(&[input]);
        let output = outcome.shape("");
        let op = layer.op(&[input], output);
        let [height, width] = layer.kernel_size;
        let kernel_len = height * width * input.dim(2) * layer.filters;
        let number = |i: usize| ((i * 7919) % 1009) as f32 / 1009.0 - 0.5;
        let floats = |count: usize| {
            let memory = Memory::floats(driver, count).unwrap();
            memory
                .write(&(0..count).map(number).collect::<Vec<_>>())
                .unwrap();
            memory
        };
        let numbers = rows * output.size();
        let (x, kernel, y) = (
            floats(rows * input.size()),
            floats(kernel_len),
            floats(numbers),
        );
        let scratch = floats(op.gpu_memory(rows, false).scratch);
        let mut to = Recorder::default();
        let call = RecordForward {
            rows,
            training: false,
            layer: 0,
            inputs: &[x.start()],
            output: y.start(),
            parameters: &[kernel.start()],
            shared: scratch.start(),
            scratch: scratch.start(),
            state: scratch.start(),
        };
        op.record_forward(call, &mut to).unwrap();
        Laid {
            driver: Arc::clone(driver),
            commands: to.finish(),
            output: y,
            numbers,
            _others: [x, kernel, scratch],
        }
    }

    fn run(&self) -> Vec<f32> {
        self.output.clear().unwrap();
        self.driver.run(&self.commands).unwrap();
        self.output.read_at(0, self.numbers).unwrap()
    }
}

fn conv(filters: usize, kernel_size: [usize; 2]) -> Conv2D {
    Conv2D {
        use_bias: false,
        ..Conv2D::new(filters, kernel_size)
    }
}

#[test]
fn what_cudnn_cannot_do_is_ours_on_cuda() {
    let Some(device) = with_cudnn(options(Cudnn::Always)) else {
        return;
    };
    let driver = Nvidia::open(&device).unwrap();
    assert_eq!(driver.convolutions(), Some((0, 0)));
    Laid::new(&driver, conv(4, [3, 3]), 2, [8, 8, 3]).run();
    assert_eq!(driver.convolutions(), Some((1, 0)));
    // A row of zeros more below than above.
    let uneven = Conv2D {
        strides: [2, 2],
        padding: Padding::Same,
        ..conv(4, [3, 3])
    };
    Laid::new(&driver, uneven, 2, [8, 8, 3]).run();
    assert_eq!(driver.convolutions(), Some((1, 1)));
    if on_the_stand_in() {
        let unknown = Conv2D {
            strides: [3, 3],
            ..conv(4, [3, 3])
        };
        Laid::new(&driver, unknown, 2, [9, 9, 3]).run();
        assert_eq!(driver.convolutions(), Some((1, 2)));
    }
}

#[test]
fn each_convolution_is_timed_once_on_cuda() {
    let Some(device) = with_cudnn(options(Cudnn::WhereFaster)) else {
        return;
    };
    let driver = Nvidia::open(&device).unwrap();
    // On the stand-in a block takes a microsecond, and cuDNN no time at all. Ours is one block here, and turning the
    // kernel over is another.
    let small = Laid::new(&driver, conv(4, [3, 3]), 2, [8, 8, 3]);
    let first = small.run();
    // Ours are sixteen blocks.
    let large = Laid::new(&driver, conv(4, [3, 3]), 32, [13, 13, 3]);
    let large_first = large.run();
    let (cudnn, own) = driver.convolutions().unwrap();
    assert_eq!(cudnn + own, 2);
    if on_the_stand_in() {
        assert_eq!((cudnn, own), (1, 1));
    }
    // Nothing is found out again, so nothing changes.
    assert_eq!(small.run(), first);
    assert_eq!(large.run(), large_first);
    let captured = driver.capture(&large.commands).unwrap();
    large.output.clear().unwrap();
    driver.replay(&captured).unwrap();
    assert_eq!(large.output.read_at(0, large.numbers).unwrap(), large_first);
    assert_eq!(driver.convolutions(), Some((cudnn, own)));
}

#[test]
fn a_workspace_that_has_to_grow_leaves_captured_steps_whole_on_cuda() {
    let Some(device) = with_cudnn(options(Cudnn::Always)) else {
        return;
    };
    let driver = Nvidia::open(&device).unwrap();
    let small = Laid::new(&driver, conv(4, [3, 3]), 2, [8, 8, 3]);
    let expected = small.run();
    let captured = driver.capture(&small.commands).unwrap();
    Laid::new(&driver, conv(9, [3, 3]), 8, [12, 12, 3]).run();
    small.output.clear().unwrap();
    driver.replay(&captured).unwrap();
    assert_eq!(small.output.read_at(0, small.numbers).unwrap(), expected);
}

#[test]
fn tf32_is_used_only_where_it_is_asked_for_on_cuda() {
    let fast = CudaOptions {
        tf32: true,
        ..options(Cudnn::Always)
    };
    let (Some(exact), Some(fast)) = (with_cudnn(options(Cudnn::Always)), with_cudnn(fast)) else {
        return;
    };
    let Some(own) = with_cudnn(options(Cudnn::Off)) else {
        return;
    };
    let run = |device: &Cuda| {
        let driver = Nvidia::open(device).unwrap();
        Laid::new(&driver, conv(16, [3, 3]), 4, [8, 8, 16]).run()
    };
    let expected = run(&own);
    assert!(close(&run(&exact), &expected, 1e-5));
    let fast = run(&fast);
    assert!(close(&fast, &expected, 2e-2));
    // cuDNN may use TF32 and need not; the stand-in does.
    assert!(!on_the_stand_in() || !close(&fast, &expected, 1e-5));
}
