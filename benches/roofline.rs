//! How near each workload comes to what the machine can do.
//!
//! `cargo run --release -p addax-benches --bin roofline [REPEATS]` prints the machine's limits, measured in the same run, and
//! a line for each workload and phase. Operations and bytes are the least that there can be (see
//! [`Costs`]), not what the kernels really do.

use addax::prelude::*;
use addax_benches::Workload;
use addax_benches::costs::Costs;
use addax_benches::limits;
use addax_benches::speed::{Effort, enough, speed};
use addax_benches::task::Samples;
use addax_benches::workload::PREDICTION_SAMPLES;

/// Below this share of both limits it is neither that keeps a workload from being faster.
const NEAR: f64 = 0.1;

struct Limits {
    /// Operations a second of fused multiply-adds in registers.
    multiply_adds: f64,
    /// Bytes a second that a copy reads and writes.
    bytes: f64,
}

fn main() -> addax::Result<()> {
    let repeats = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(9);
    let limits = measure_limits();
    println!(
        "\n| workload | phase | samples/s | FLOP a sample | GFLOP/s | of the multiply-adds | GB/s | of the copy | bound by |\n\
         |---|---|---:|---:|---:|---:|---:|---:|---|"
    );
    for workload in Workload::ALL {
        rows(workload, &limits, repeats)?;
    }
    Ok(())
}

fn measure_limits() -> Limits {
    let multiply_adds = limits::multiply_add_rate();
    let copy = limits::copy_rate();
    println!("| limit, on {} threads | best repeat |", limits::threads());
    println!("|---|---:|");
    println!("| fused multiply-adds in registers | {multiply_adds:.0} GFLOP/s |");
    println!("| copy of 128 MiB, read and written | {copy:.1} GB/s |");
    Limits {
        multiply_adds: 1e9 * multiply_adds,
        bytes: 1e9 * copy,
    }
}

fn rows(workload: Workload, limits: &Limits, repeats: usize) -> addax::Result<()> {
    let batch = workload.batch_size();
    let samples = Samples {
        training: enough(batch, workload.numbers()),
        prediction: PREDICTION_SAMPLES,
    };
    let effort = Effort {
        repeats,
        seconds: 0.2,
    };
    let mut task = workload.load(&Cpu::default(), samples)?;
    let answers = task.predict(samples.prediction)?.len();
    let speed = speed(&mut *task, samples, batch, effort)?;

    let costs = Costs::of(workload.layers(), workload.training());
    let bytes = |numbers: usize| size_of::<f32>() * numbers;
    let training = Phase {
        name: "training",
        seconds: speed.step,
        samples: batch,
        operations: costs.training,
        bytes: costs.training_bytes(bytes(batch * workload.numbers())),
    };
    let prediction = Phase {
        name: "prediction",
        seconds: speed.prediction,
        samples: PREDICTION_SAMPLES,
        operations: costs.prediction,
        bytes: costs.prediction_bytes(
            bytes(PREDICTION_SAMPLES * workload.numbers()),
            bytes(answers),
        ),
    };
    for phase in [training, prediction] {
        phase.print(workload.name(), limits);
    }
    Ok(())
}

/// A training step, or a call of `predict`.
struct Phase {
    name: &'static str,
    seconds: f64,
    samples: usize,
    /// For one sample.
    operations: usize,
    /// For all samples.
    bytes: usize,
}

impl Phase {
    fn print(&self, workload: &str, limits: &Limits) {
        let operations = (self.operations * self.samples) as f64 / self.seconds;
        let bytes = self.bytes as f64 / self.seconds;
        let (arithmetic, memory) = (operations / limits.multiply_adds, bytes / limits.bytes);
        let bound = match () {
            () if arithmetic.max(memory) < NEAR => "neither",
            () if arithmetic >= memory => "arithmetic",
            () => "memory",
        };
        println!(
            "| {workload} | {} | {:.0} | {} | {:.1} | {:.0} % | {:.1} | {:.0} % | {bound} |",
            self.name,
            self.samples as f64 / self.seconds,
            self.operations,
            operations / 1e9,
            100.0 * arithmetic,
            bytes / 1e9,
            100.0 * memory,
        );
    }
}
