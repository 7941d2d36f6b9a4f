//! The time of a training step and of predictions, for a few networks.
//!
//! `cargo run --release -p addax-benches --bin step [REPEATS]`; with `--features cuda` on the GPU as well, if there is one.
//!
//! Each figure is the median over the repeats of an epoch (training) or of a call (prediction), public API only.

use addax::heads::LossOf;
use addax::prelude::*;
use addax::training::{Classes, FitsInput, LabelData, Sample};
use std::time::Instant;

network! {
    /// 39 parameters.
    Xor: 3 => 2 {
        Dense(4, activation = tanh),
        Dense(3, activation = tanh),
        Dense(2, activation = softmax),
    }
}

network! {
    /// One hidden layer.
    Mlp: 784 => 10 {
        Dense(128, activation = tanh),
        Dense(10, activation = softmax),
    }
}

network! {
    /// The convnet of the letters lesson.
    Convnet: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), activation = relu),
        Conv2D(16, (3, 3), activation = relu),
        MaxPooling2D(),
        Conv2D(32, (3, 3), activation = relu),
        Conv2D(32, (3, 3), activation = relu),
        MaxPooling2D(),
        Flatten(),
        Dense(64, activation = relu),
        Dropout(0.5),
        Dense(10, activation = softmax),
    }
}

network! {
    /// The fully convolutional one, with batch normalization.
    ConvnetBn: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), activation = relu),
        BatchNormalization(),
        Conv2D(16, (3, 3), activation = relu),
        MaxPooling2D(),
        Conv2D(32, (3, 3), activation = relu),
        BatchNormalization(),
        Conv2D(32, (3, 3), activation = relu),
        MaxPooling2D(),
        Conv2D(128, (3, 3), activation = relu),
        GlobalMaxPooling2D(),
        Dropout(0.5),
        Dense(128, activation = relu),
        Dropout(0.5),
        Dense(10, activation = softmax),
    }
}

network! {
    /// Five classes of faces.
    Faces: (48, 48, 3) => 5 {
        Conv2D(24, (3, 3), activation = relu),
        Conv2D(24, (3, 3), activation = relu),
        MaxPooling2D(),
        Conv2D(48, (3, 3), activation = relu),
        Conv2D(48, (3, 3), activation = relu),
        MaxPooling2D(),
        Flatten(),
        Dense(250, activation = relu),
        Dense(250, activation = relu),
        Dense(250, activation = relu),
        Dense(5, activation = softmax),
    }
}

network! {
    /// Large products and nothing else.
    WideMlp: 1024 => 1000 {
        Dense(2048, activation = relu),
        Dense(2048, activation = relu),
        Dense(2048, activation = relu),
        Dense(2048, activation = relu),
        Dense(1000, activation = softmax),
    }
}

fn main() -> addax::Result<()> {
    let repeats = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(5);
    #[cfg(feature = "cuda")]
    gpu_tables(repeats)?;
    table("CPU", &Cpu::default(), repeats)
}

/// With Addax's own convolutions, with cuDNN's, and with the faster of both.
#[cfg(feature = "cuda")]
fn gpu_tables(repeats: usize) -> addax::Result<()> {
    use addax::{CudaOptions, Cudnn, cuda_with};
    let ways = [
        ("GPU", Cudnn::Off),
        ("cuDNN", Cudnn::Always),
        ("the faster", Cudnn::WhereFaster),
    ];
    for (name, cudnn) in ways {
        let options = CudaOptions {
            cudnn,
            ..CudaOptions::default()
        };
        match cuda_with(0, options) {
            Ok(device) => table(name, &device, repeats)?,
            Err(error) => {
                // Without cuDNN the last table would be the first.
                println!("{error}\n");
                break;
            }
        }
    }
    Ok(())
}

fn table<D: Device>(name: &str, device: &D, repeats: usize) -> addax::Result<()> {
    println!(
        "{:<12}{:>16}{:>16}{:>16}",
        name, "ms / step", "samples/s", "predicted/s"
    );
    let xor = |sample: &mut [f32; 3], random: &mut Random| fill(sample, random);
    measure(Xor, device, (10_000, 32), repeats, xor)?;
    let digit = |sample: &mut [f32; 784], random: &mut Random| fill(sample, random);
    measure(Mlp, device, (12_800, 128), repeats, digit)?;
    let image = |sample: &mut [[[f32; 1]; 28]; 28], random: &mut Random| {
        fill(sample.as_flattened_mut().as_flattened_mut(), random);
    };
    measure(Convnet, device, (2_560, 128), repeats, image)?;
    measure(ConvnetBn, device, (2_560, 128), repeats, image)?;
    let face = |sample: &mut [[[f32; 3]; 48]; 48], random: &mut Random| {
        fill(sample.as_flattened_mut().as_flattened_mut(), random);
    };
    measure(Faces, device, (640, 128), repeats, face)?;
    let wide = |sample: &mut [f32; 1024], random: &mut Random| fill(sample, random);
    measure(WideMlp, device, (1_280, 256), repeats, wide)
}

type Random = dyn FnMut() -> f32;

fn fill(numbers: &mut [f32], random: &mut Random) {
    numbers.iter_mut().for_each(|n| *n = random());
}

fn measure<N, D, X>(
    network: N,
    device: &D,
    (samples, batch_size): (usize, usize),
    repeats: usize,
    mut fill: impl FnMut(&mut X, &mut Random),
) -> addax::Result<()>
where
    N: Network,
    D: Device,
    X: Sample + Zero,
    X::Shape: FitsInput<N::Input, N>,
    SparseCategoricalCrossentropy: LossOf<N>,
    Vec<usize>: LabelData<Classes, N::Output>,
{
    let mut state = 1_u32;
    let mut random = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0 - 0.5
    };
    let x: Vec<X> = (0..samples)
        .map(|_| {
            let mut sample = X::zero();
            fill(&mut sample, &mut random);
            sample
        })
        .collect();
    let y: Vec<usize> = (0..samples).map(|i| i % 2).collect();
    let mut model = Model::new(network, device)?.compile(
        Adam::default(),
        SparseCategoricalCrossentropy::default(),
        (),
    )?;
    let mut epoch = || -> addax::Result<f64> {
        let start = Instant::now();
        let options = FitOptions {
            batch_size,
            verbose: Verbose::Silent,
            ..FitOptions::default()
        };
        model.fit(&x, &y, options)?;
        Ok(start.elapsed().as_secs_f64())
    };
    epoch()?;
    let mut times = (0..repeats)
        .map(|_| epoch())
        .collect::<addax::Result<Vec<f64>>>()?;
    let training = median(&mut times);
    let mut times = Vec::new();
    for _ in 0..=repeats {
        let start = Instant::now();
        model.predict(&x)?;
        times.push(start.elapsed().as_secs_f64());
    }
    let prediction = median(&mut times);
    println!(
        "{:<12}{:>16.4}{:>16.0}{:>16.0}",
        N::NAME,
        1e3 * training / samples.div_ceil(batch_size) as f64,
        samples as f64 / training,
        samples as f64 / prediction
    );
    Ok(())
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Arrays of any length as zeros: `Default` ends at 32.
trait Zero {
    fn zero() -> Self;
}

impl Zero for f32 {
    fn zero() -> f32 {
        0.0
    }
}

impl<T: Zero + Copy, const N: usize> Zero for [T; N] {
    fn zero() -> Self {
        [T::zero(); N]
    }
}
