//! The time of a training step and of predictions, for a few networks.
//!
//! `cargo run --release -p addax-benches --bin step [REPEATS]`; with `--features cuda` on the GPU as well, if there is one.
//!
//! Each figure is the median over the repeats of an epoch (training) or of a call (prediction), public API only.

use addax::prelude::*;
use addax_benches::Workload;
use addax_benches::clock::median;
use addax_benches::task::Samples;
use std::time::Instant;

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
    for workload in Workload::ALL {
        measure(workload, device, repeats)?;
    }
    Ok(())
}

fn measure<D: Device>(workload: Workload, device: &D, repeats: usize) -> addax::Result<()> {
    let (samples, batch_size) = (workload.epoch(), workload.batch_size());
    let data = Samples {
        training: samples,
        prediction: samples,
    };
    let mut task = workload.load(device, data)?;
    task.train(samples, batch_size)?;
    let training = seconds(repeats, || task.train(samples, batch_size))?;
    task.predict(samples)?;
    let prediction = seconds(repeats, || task.predict(samples))?;
    println!(
        "{:<12}{:>16.4}{:>16.0}{:>16.0}",
        workload.name(),
        1e3 * training / samples.div_ceil(batch_size) as f64,
        samples as f64 / training,
        samples as f64 / prediction
    );
    Ok(())
}

/// The median over the repeats.
fn seconds<T>(repeats: usize, mut work: impl FnMut() -> addax::Result<T>) -> addax::Result<f64> {
    let mut times = Vec::new();
    for _ in 0..repeats.max(1) {
        let start = Instant::now();
        work()?;
        times.push(start.elapsed().as_secs_f64());
    }
    Ok(median(times))
}
