//! The time of a step against threads, batches and widths.
//!
//! `cargo run --release -p addax-benches --bin scaling [REPEATS]` prints tables. Each figure is a median over the repeats, of
//! calls of `fit` and `predict` only.
//!
//! Addax runs on rayon's global pool, whose size is set by `RAYON_NUM_THREADS` when a program starts. So each number of
//! threads is a program of its own: this one again, called as `scaling only WORKLOAD REPEATS`.

use addax::prelude::*;
use addax_benches::Workload;
use addax_benches::costs::Costs;
use addax_benches::limits::threads;
use addax_benches::speed::{Effort, Speed, enough, speed};
use addax_benches::task::{Samples, Training};
use addax_benches::widths::{CONVNETS, MLPS, Width};
use addax_benches::workload::PREDICTION_SAMPLES;
use std::error::Error;
use std::process::Command;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const BATCHES: [usize; 6] = [1, 4, 16, 64, 256, 1024];

/// Samples of a step where widths are compared.
const BATCH: usize = 128;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => tables(5),
        [repeats] => tables(repeats.parse()?),
        ["only", workload, repeats] => {
            let workload = Workload::named(workload).ok_or("no such workload")?;
            let speed = measure(
                workload,
                workload.batch_size(),
                PREDICTION_SAMPLES,
                repeats.parse()?,
            )?;
            println!("{} {}", speed.step, speed.prediction);
            Ok(())
        }
        _ => Err("usage: scaling [REPEATS]".into()),
    }
}

fn tables(repeats: usize) -> Result<()> {
    by_threads(repeats)?;
    by_batch(repeats)?;
    by_width(
        "256 numbers, three hidden layers of so many units",
        MLPS,
        repeats,
    )?;
    by_width(
        "pictures of 28 x 28, two convolutions of so many filters, a pooling, two of twice as many",
        CONVNETS,
        repeats,
    )
}

fn by_threads(repeats: usize) -> Result<()> {
    let powers = (0..).map(|power| 1 << power);
    let mut counts: Vec<usize> = powers.take_while(|&count| count < threads()).collect();
    counts.push(threads());
    let mut training = Table::new("ms a training step, on threads", &counts);
    let mut prediction = Table::new("predicted samples/s, on threads", &counts);
    for workload in Workload::ALL {
        let (mut steps, mut rates) = (Vec::new(), Vec::new());
        let mut alone = None;
        for &count in &counts {
            let speed = on_threads(workload, count, repeats)?;
            let alone = alone.get_or_insert(speed);
            let gain = alone.step / speed.step;
            steps.push(format!("{:.4} ({gain:.1} x)", 1e3 * speed.step));
            let gain = alone.prediction / speed.prediction;
            let rate = PREDICTION_SAMPLES as f64 / speed.prediction;
            rates.push(format!("{rate:.0} ({gain:.1} x)"));
        }
        training.row(workload.name(), &steps);
        prediction.row(workload.name(), &rates);
    }
    training.print();
    prediction.print();
    Ok(())
}

/// In a program of its own.
fn on_threads(workload: Workload, count: usize, repeats: usize) -> Result<Speed> {
    let output = Command::new(std::env::current_exe()?)
        .args(["only", workload.name(), &repeats.to_string()])
        .env("RAYON_NUM_THREADS", count.to_string())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.trim().split_once(' ') {
        Some((step, prediction)) if output.status.success() => Ok(Speed {
            step: step.parse()?,
            prediction: prediction.parse()?,
        }),
        _ => Err(String::from_utf8_lossy(&output.stderr).into()),
    }
}

fn by_batch(repeats: usize) -> Result<()> {
    let mut steps = Table::new("ms a training step, of samples", &BATCHES);
    let mut training = Table::new("trained samples/s, in steps of samples", &BATCHES);
    let mut prediction = Table::new("predicted samples/s, in calls for samples", &BATCHES);
    for workload in Workload::ALL {
        let (mut times, mut trained, mut predicted) = (Vec::new(), Vec::new(), Vec::new());
        for batch in BATCHES {
            let speed = measure(workload, batch, batch, repeats)?;
            times.push(format!("{:.4}", 1e3 * speed.step));
            trained.push(format!("{:.0}", batch as f64 / speed.step));
            predicted.push(format!("{:.0}", batch as f64 / speed.prediction));
        }
        steps.row(workload.name(), &times);
        training.row(workload.name(), &trained);
        prediction.row(workload.name(), &predicted);
    }
    steps.print();
    training.print();
    prediction.print();
    Ok(())
}

fn by_width(title: &str, networks: &[Width], repeats: usize) -> Result<()> {
    let widths: Vec<usize> = networks.iter().map(|network| network.width).collect();
    let mut table = Table::new(title, &widths);
    let (mut steps, mut training, mut prediction) = (Vec::new(), Vec::new(), Vec::new());
    for network in networks {
        let samples = Samples {
            training: enough(BATCH, network.numbers),
            prediction: PREDICTION_SAMPLES,
        };
        let mut task = (network.load)(samples)?;
        let speed = speed(&mut *task, samples, BATCH, effort(repeats))?;
        let costs = Costs::of(network.layers, Training::Adam);
        let trained = (costs.training * BATCH) as f64 / speed.step;
        let predicted = (costs.prediction * PREDICTION_SAMPLES) as f64 / speed.prediction;
        steps.push(format!("{:.4}", 1e3 * speed.step));
        training.push(format!("{:.1}", trained / 1e9));
        prediction.push(format!("{:.1}", predicted / 1e9));
    }
    table.row(&format!("ms a training step of {BATCH} samples"), &steps);
    table.row("training, GFLOP/s", &training);
    table.row("prediction, GFLOP/s", &prediction);
    table.print();
    Ok(())
}

fn measure(workload: Workload, batch: usize, asked: usize, repeats: usize) -> Result<Speed> {
    let samples = Samples {
        training: enough(batch, workload.numbers()),
        prediction: asked,
    };
    let mut task = workload.load(&Cpu::default(), samples)?;
    Ok(speed(&mut *task, samples, batch, effort(repeats))?)
}

fn effort(repeats: usize) -> Effort {
    Effort {
        repeats,
        seconds: 0.1,
    }
}

/// A table in Markdown.
struct Table(String);

impl Table {
    fn new(title: &str, columns: &[usize]) -> Table {
        let columns: Vec<String> = columns.iter().map(usize::to_string).collect();
        let mut table = Table(String::new());
        table.row(title, &columns);
        table.0 += &format!("|---{}|\n", "|---:".repeat(columns.len()));
        table
    }

    fn row(&mut self, name: &str, cells: &[String]) {
        self.0 += &format!("| {name} | {} |\n", cells.join(" | "));
    }

    fn print(&self) {
        println!("{}", self.0);
    }
}
