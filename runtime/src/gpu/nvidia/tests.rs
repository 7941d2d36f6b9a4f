//! What only CUDA does. On a machine without a GPU most of this is skipped, and says so.

use super::driver::Nvidia;
use super::*;
use crate::gpu::driver::{Driver, Memory};
use crate::prelude::*;

/// The first GPU, or nothing and a line that says why. With `ADDAX_NEEDS_GPU` set a missing GPU is a failure.
pub(crate) fn gpu() -> Option<Cuda> {
    gpu_with(CudaOptions::default())
}

pub(super) fn gpu_with(options: CudaOptions) -> Option<Cuda> {
    match cuda_with(0, options) {
        Ok(device) => Some(device),
        Err(error) if std::env::var_os("ADDAX_NEEDS_GPU").is_some() => panic!("{error}"),
        Err(error) => {
            eprintln!("skipped: {error}");
            None
        }
    }
}

network! {
    /// Some of everything.
    Small: (6, 6, 1) => 3 {
        Conv2D(4, 3, activation = relu),
        BatchNormalization(),
        MaxPooling2D(),
        Flatten(),
        Dropout(0.25),
        Dense(3, activation = softmax),
    }
}

/// The predictions after some training, and the history of the loss.
pub(super) fn train<D: Device>(device: &D) -> (Vec<[f32; 3]>, Vec<f64>) {
    let x: Vec<[[[f32; 1]; 6]; 6]> = (0..20)
        .map(|i| {
            let number = |y: usize, x: usize| ((i * 7 + y * 5 + x * 3) % 11) as f32 / 11.0 - 0.5;
            std::array::from_fn(|y| std::array::from_fn(|x| [number(y, x)]))
        })
        .collect();
    let y: Vec<usize> = (0..20).map(|i| i % 3).collect();
    let mut model = Small::build(device)
        .unwrap()
        .compile(
            SGD::new(0.05),
            SparseCategoricalCrossentropy::default(),
            Accuracy,
        )
        .unwrap();
    let options = FitOptions {
        batch_size: 8,
        epochs: 4,
        verbose: Verbose::Silent,
        ..FitOptions::default()
    };
    let history = model.fit(&x, &y, options).unwrap();
    let answers = model.predict(&x).unwrap().arrays();
    (answers, history["loss"].to_vec())
}

#[test]
fn a_gpu_that_is_not_there_is_an_error() {
    let error = cuda(1000).expect_err("no machine has so many");
    assert!(matches!(error, Error::NoGpu { .. }));
    let message = error.to_string();
    assert!(
        message.starts_with("there is no GPU to work on: "),
        "{message}"
    );
}

#[test]
fn a_driver_that_is_too_old_is_an_error() {
    use cudarc::driver::sys::CUresult;
    let answer = CUresult::CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
    let error = super::driver::loaded(answer, 12040).expect_err("too old");
    assert_eq!(
        error.to_string(),
        "there is no GPU to work on: the NVIDIA driver is one for CUDA 12.4, and the program was built with a newer \
         CUDA; update the driver, or build the program with that CUDA"
    );
    assert!(super::driver::loaded(CUresult::CUDA_SUCCESS, 13000).is_ok());
}

#[test]
fn a_captured_step_is_the_same_step() {
    let plain = CudaOptions {
        capture: false,
        seed: 3,
        ..CudaOptions::default()
    };
    let captured = CudaOptions {
        capture: true,
        ..plain
    };
    let (Some(plain), Some(captured)) = (gpu_with(plain), gpu_with(captured)) else {
        return;
    };
    assert_eq!(train(&plain), train(&captured));
}

#[test]
fn a_model_on_the_gpu_is_the_model_on_the_cpu() {
    let options = CudaOptions {
        seed: 3,
        ..CudaOptions::default()
    };
    let Some(device) = gpu_with(options) else {
        return;
    };
    let (answers, losses) = train(&device);
    let (expected, expected_losses) = train(&Cpu::seed_from_u64(3));
    for (a, b) in answers.as_flattened().iter().zip(expected.as_flattened()) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
    for (a, b) in losses.iter().zip(&expected_losses) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
}

#[test]
fn options_belong_to_a_device_and_its_clones() {
    let tf32 = CudaOptions {
        tf32: true,
        ..CudaOptions::default()
    };
    let (Some(plain), Some(fast)) = (gpu(), gpu_with(tf32)) else {
        return;
    };
    let of = |device: &Cuda| options::options(&handle(device).unwrap());
    assert_eq!(of(&plain), CudaOptions::default());
    assert_eq!(of(&fast.clone()), tf32);
}

#[test]
fn memory_that_is_not_there_is_an_error_and_loses_nothing() {
    let Some(device) = gpu() else { return };
    let driver = Nvidia::open(&device).unwrap();
    let before = Memory::floats(&driver, 3).unwrap();
    before.write(&[1.0, 2.0, 3.0]).unwrap();
    let error = Memory::<Nvidia>::new(&driver, 1 << 50).expect_err("a million gigabytes");
    let Error::OutOfMemory { bytes, free, total } = error else {
        panic!("{error}");
    };
    assert!(bytes == 1 << 50 && free <= total && total > 0);
    assert_eq!(before.read_at(0, 3).unwrap(), [1.0, 2.0, 3.0]);
}
