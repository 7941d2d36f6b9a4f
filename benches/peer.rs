//! Addax as one column of a bench of several libraries.
//!
//! `cargo run --release -p addax-benches --bin peer -- WORKLOAD REPEATS` trains and asks one of the [`Workload`]s, and
//! prints as its last line
//!
//! ```text
//! {"peer": "addax", "version": "..", "workload": "mlp", "train": [[start, end, samples], ..],
//!  "infer": [[start, end, samples], ..], "rss_mb": 123.4, "loss": 2.31}
//! ```
//!
//! with times in Unix seconds, one span for each repeat, the most memory that the process has had, and the loss of the last
//! epoch; or `{"peer": "addax", "skip": "why"}`. With `BENCH_STEP` in the environment a driver says how often: before each
//! span the program prints `ready` and reads a line, of which `go` measures once more and anything else ends the phase
//! (training, then prediction). `BENCH_N` is how many samples an epoch has, if not as many as the workload's own.
//!
//! A span of training is one call of `fit`: an epoch over shuffled samples. A span of prediction is as many calls of `predict`
//! as fit into 0.2 s, each from arrays to a plain `Vec`. `predict` has no size of batches for its user to choose: it takes
//! 512 samples at a time.

use addax::prelude::*;
use addax_benches::clock::now;
use addax_benches::process::peak_memory;
use addax_benches::task::Samples;
use addax_benches::workload::{PREDICTION_SAMPLES, Workload};
use std::error::Error;
use std::io;

/// A span of prediction is at least so many seconds.
const SHORTEST: f64 = 0.2;

/// From when to when, and how many samples.
struct Span {
    start: f64,
    end: f64,
    samples: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, repeats] = &arguments[..] else {
        return Err("usage: peer WORKLOAD REPEATS".into());
    };
    let repeats = repeats.parse()?;
    match Workload::named(name) {
        Some(workload) => measure(workload, repeats),
        None => {
            println!(r#"{{"peer": "addax", "skip": "it has no workload {name}"}}"#);
            Ok(())
        }
    }
}

fn measure(workload: Workload, repeats: usize) -> Result<(), Box<dyn Error>> {
    let samples = Samples {
        training: match std::env::var("BENCH_N") {
            Ok(number) => number.parse()?,
            Err(_) => workload.epoch(),
        },
        prediction: PREDICTION_SAMPLES,
    };
    let mut task = workload.load(&Cpu::default(), samples)?;

    let mut loss = task.train(samples.training, workload.batch_size())?;
    let mut train = Vec::new();
    while once_more(train.len(), repeats)? {
        let start = now();
        loss = task.train(samples.training, workload.batch_size())?;
        train.push(Span {
            start,
            end: now(),
            samples: samples.training,
        });
    }

    task.predict(samples.prediction)?;
    let mut infer = Vec::new();
    while once_more(infer.len(), repeats)? {
        let mut span = Span {
            start: now(),
            end: 0.0,
            samples: 0,
        };
        while span.end - span.start < SHORTEST {
            task.predict(samples.prediction)?;
            span.samples += samples.prediction;
            span.end = now();
        }
        infer.push(span);
    }

    println!(
        r#"{{"peer": "addax", "version": "{}", "workload": "{}", "train": {}, "infer": {}, "rss_mb": {:.1}, "loss": {loss:.4}}}"#,
        env!("CARGO_PKG_VERSION"),
        workload.name(),
        json(&train),
        json(&infer),
        peak_memory()?,
    );
    Ok(())
}

/// Whether to measure another span. With `BENCH_STEP` the driver decides, when the machine is quiet.
fn once_more(done: usize, repeats: usize) -> io::Result<bool> {
    if std::env::var_os("BENCH_STEP").is_none() {
        return Ok(done < repeats);
    }
    println!("ready");
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim() == "go")
}

fn json(spans: &[Span]) -> String {
    let spans: Vec<String> = spans
        .iter()
        .map(|span| format!("[{:.6}, {:.6}, {}]", span.start, span.end, span.samples))
        .collect();
    format!("[{}]", spans.join(", "))
}
