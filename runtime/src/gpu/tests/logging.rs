//! A GPU that remembers what it is told and computes nothing.

use crate::error::{Error, Result};
use crate::gpu::driver::Driver;
use crate::gpu::{Argument, Command, Pointer};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// Something that a driver was asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Event {
    Allocate(usize),
    Free,
    Zero,
    Copy,
    Feed(Pointer, usize),
    Download(usize),
    Capture,
    Run(Vec<Command>),
}

/// Remembers commands and allocations, and refuses what leads outside of them. All its numbers are 0.
#[derive(Debug, Default)]
pub(super) struct LoggingDriver {
    memory: Mutex<Ledger>,
}

#[derive(Debug, Default)]
struct Ledger {
    /// Each piece of memory that is not given back, and its bytes.
    live: BTreeMap<u64, usize>,
    /// Where the next one goes.
    end: u64,
    events: Vec<Event>,
}

impl LoggingDriver {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.memory.lock().unwrap()
    }

    fn log(&self, event: Event) {
        self.ledger().events.push(event);
    }

    /// What was asked for since the last call.
    pub(super) fn events(&self) -> Vec<Event> {
        std::mem::take(&mut self.ledger().events)
    }

    /// How many pieces of memory are not given back.
    pub(super) fn live(&self) -> usize {
        self.ledger().live.len()
    }

    fn check(&self, place: Pointer, bytes: usize) -> Result<()> {
        let ledger = self.ledger();
        let found = ledger.live.range(..=place.0).next_back();
        match found {
            Some((start, len)) if place.0 + bytes as u64 <= start + *len as u64 => Ok(()),
            _ => Err(Error::Device(format!(
                "{bytes} bytes at {place:?} are not allocated"
            ))),
        }
    }

    fn check_command(&self, command: &Command) -> Result<()> {
        match command {
            Command::Launch { arguments, .. } => {
                let pointers = arguments.iter().filter_map(|argument| match argument {
                    Argument::Pointer(Pointer::NULL) => None,
                    Argument::Pointer(pointer) => Some(*pointer),
                    _ => None,
                });
                pointers.into_iter().try_for_each(|p| self.check(p, 4))
            }
            Command::Product(product) => {
                let places = [product.a, product.b, product.c];
                let mut all = places.into_iter().zip(product.extents());
                all.try_for_each(|(place, floats)| self.check(place, 4 * floats))
            }
            Command::Host(call) => {
                let all = call.reads.iter().chain(&call.writes);
                all.filter(|floats| floats.count > 0)
                    .try_for_each(|floats| self.check(floats.start, 4 * floats.count))
            }
            Command::Convolution(convolution) => {
                let (sizes, bare) = (&convolution.sizes, &convolution.bare);
                let x = sizes.rows * sizes.input[0] * sizes.input[1] * sizes.channels;
                self.check(bare.x, 4 * x)?;
                self.check(bare.kernel, 4 * sizes.kernel_len())?;
                self.check(bare.y, 4 * sizes.pixels() * sizes.filters)?;
                let all = [&convolution.own, &bare.before, &bare.after];
                all.into_iter()
                    .flatten()
                    .try_for_each(|c| self.check_command(c))
            }
        }
    }
}

impl Driver for LoggingDriver {
    type Device = Arc<LoggingDriver>;
    type Captured = Vec<Command>;

    fn open(device: &Arc<LoggingDriver>) -> Result<Arc<Self>> {
        Ok(Arc::clone(device))
    }

    fn captures(&self) -> bool {
        true
    }

    fn allocate(&self, bytes: usize) -> Result<Pointer> {
        self.log(Event::Allocate(bytes));
        let mut ledger = self.ledger();
        // Each piece far from the others, so that no pointer is by chance inside a neighbour.
        let start = ledger.end + (1 << 20);
        ledger.end = (start + bytes as u64).next_multiple_of(256);
        ledger.live.insert(start, bytes);
        Ok(Pointer(start))
    }

    fn free(&self, memory: Pointer) {
        self.log(Event::Free);
        let known = self.ledger().live.remove(&memory.0);
        assert!(known.is_some(), "{memory:?} is given back twice");
    }

    fn zero(&self, to: Pointer, bytes: usize) -> Result<()> {
        self.log(Event::Zero);
        self.check(to, bytes)
    }

    fn copy(&self, from: Pointer, to: Pointer, bytes: usize) -> Result<()> {
        self.log(Event::Copy);
        self.check(from, bytes)?;
        self.check(to, bytes)
    }

    fn feed(&self, to: Pointer, bytes: usize, fill: &mut dyn FnMut(&mut [u8])) -> Result<()> {
        self.log(Event::Feed(to, bytes));
        fill(&mut vec![0; bytes]);
        self.check(to, bytes)
    }

    fn download(&self, from: Pointer, bytes: &mut [u8]) -> Result<()> {
        self.log(Event::Download(bytes.len()));
        bytes.fill(0);
        self.check(from, bytes.len())
    }

    fn run(&self, commands: &[Command]) -> Result<()> {
        self.log(Event::Run(commands.to_vec()));
        commands.iter().try_for_each(|c| self.check_command(c))
    }

    fn capture(&self, commands: &[Command]) -> Result<Vec<Command>> {
        self.log(Event::Capture);
        Ok(commands.to_vec())
    }

    fn replay(&self, captured: &Vec<Command>) -> Result<()> {
        self.run(captured)
    }
}
