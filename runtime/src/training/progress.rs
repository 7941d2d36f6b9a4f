//! What `fit` prints.

use super::options::Verbose;
use crate::error::Result;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// A step's share of the bar is redrawn at most this often.
const REDRAW: Duration = Duration::from_millis(100);

/// The progress of one epoch.
#[derive(Debug)]
pub(super) struct Progress {
    verbose: Verbose,
    bar: ProgressBar,
    steps: usize,
    started: Instant,
    drawn: Instant,
}

impl Progress {
    /// Announces epoch `epoch` (from 1) of `epochs`.
    pub(super) fn start(verbose: Verbose, epoch: usize, epochs: usize, steps: usize) -> Self {
        if verbose != Verbose::Silent {
            println!("Epoch {epoch}/{epochs}");
        }
        let bar = if verbose == Verbose::Bar {
            ProgressBar::new(steps as u64)
        } else {
            ProgressBar::hidden()
        };
        // A template that does not parse leaves indicatif's own.
        if let Ok(style) = ProgressStyle::with_template("{pos}/{len} {bar:25} ETA: {eta} - {msg}") {
            bar.set_style(style.progress_chars("━━╌"));
        }
        let now = Instant::now();
        Progress {
            verbose,
            bar,
            steps,
            started: now,
            drawn: now,
        }
    }

    /// One more step is done. `values` is asked for only if they are shown.
    pub(super) fn step(
        &mut self,
        done: usize,
        values: impl FnOnce() -> Result<Vec<(String, f64)>>,
    ) -> Result<()> {
        if self.verbose != Verbose::Bar || self.drawn.elapsed() < REDRAW {
            return Ok(());
        }
        self.drawn = Instant::now();
        self.bar.set_position(done as u64);
        self.bar.set_message(line(&values()?));
        Ok(())
    }

    /// The epoch is over.
    pub(super) fn finish(self, values: &[(String, f64)]) {
        self.bar.finish_and_clear();
        if self.verbose == Verbose::Silent {
            return;
        }
        let time = self.started.elapsed();
        let per_step = time / self.steps.max(1) as u32;
        println!(
            "{steps}/{steps} - {} - {}/step - {}",
            short(time),
            short(per_step),
            line(values),
            steps = self.steps,
        );
    }
}

/// `loss: 0.7183 - accuracy: 0.5000`
fn line(values: &[(String, f64)]) -> String {
    let parts: Vec<String> = values
        .iter()
        .map(|(name, value)| {
            if value.abs() >= 1e-3 || *value == 0.0 {
                format!("{name}: {value:.4}")
            } else {
                format!("{name}: {value:.4e}")
            }
        })
        .collect();
    parts.join(" - ")
}

/// `6s`, `12ms` or `340us`
fn short(time: Duration) -> String {
    if time >= Duration::from_secs(1) {
        format!("{:.1}s", time.as_secs_f64())
    } else if time >= Duration::from_millis(1) {
        format!("{}ms", time.as_millis())
    } else {
        format!("{}us", time.as_micros())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_keras_lines() {
        let values = [("loss".to_owned(), 0.71828), ("accuracy".to_owned(), 0.5)];
        assert_eq!(line(&values), "loss: 0.7183 - accuracy: 0.5000");
        assert_eq!(line(&[("loss".to_owned(), 1.5e-5)]), "loss: 1.5000e-5");
    }

    #[test]
    fn times_are_short() {
        assert_eq!(short(Duration::from_micros(347)), "347us");
        assert_eq!(short(Duration::from_millis(12)), "12ms");
        assert_eq!(short(Duration::from_millis(6400)), "6.4s");
    }
}
