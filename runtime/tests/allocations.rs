//! Training allocates nothing per step: a plan has all its memory from the start.
//!
//! One test in a process of its own, since it counts for the whole process.

use addax::metrics;
use addax::prelude::*;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts, then does what the system does.
struct Counting;

/// Allocations on all threads: training runs on rayon's.
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

fn count() {
    ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
}

// SAFETY: everything is passed on to the system's allocator as it comes.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: by the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: by the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: by the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: by the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

network! {
    /// Regions of both grains, and something random.
    Images: (12, 12, 2) => 5 {
        Conv2D(8, 3, activation = relu),
        BatchNormalization(),
        MaxPooling2D(),
        Conv2D(8, 3, padding = same, activation = relu),
        Conv2DTranspose(20, 3, activation = relu),
        Conv2DTranspose(2, 3, strides = 2, padding = same, activation = tanh),
        Dropout(0.25),
        Flatten(),
        Dense(32, activation = tanh),
        Dense(5, activation = softmax),
    }
}

network! {
    /// A layer whose gradients are deferred, and one that takes the whole batch.
    Wide: 64 => 3 {
        Dense(1700, activation = relu),
        Dense(900, activation = relu),
        Dense(120, activation = tanh),
        Dense(3),
    }
}

network! {
    /// Many steps within a layer.
    Sequences: (20, 6) => 3 {
        LSTM(17, return_sequences = true),
        LSTM(8),
        Dense(3),
    }
}

/// The fewest allocations of an epoch of so many steps: a thread takes its working memory when it first gets a task, which
/// may be late.
fn allocations<N: Network, L: addax::losses::LossSet, X, Y>(
    model: &mut Model<N, Cpu, L>,
    (x, y): (&[X], &[Y]),
    steps: usize,
) -> usize
where
    X: addax::training::Sample,
    <[X] as addax::training::Samples>::Sample: addax::training::FitsInput<N::Input, N>,
    [Y]: addax::training::LabelData<L::Target, N::Output>,
{
    let options = || FitOptions {
        batch_size: 32,
        verbose: Verbose::Silent,
        ..FitOptions::default()
    };
    let rows = steps * 32;
    let epochs = (0..5).map(|_| {
        let before = ALLOCATIONS.load(Ordering::SeqCst);
        model.fit(&x[..rows], &y[..rows], options()).unwrap();
        ALLOCATIONS.load(Ordering::SeqCst) - before
    });
    epochs.min().unwrap_or_default()
}

#[test]
fn steps_allocate_nothing() {
    let device = Cpu::seed_from_u64(1);

    let x: Vec<[[[f32; 2]; 12]; 12]> = (0..6400)
        .map(|i| [[[i as f32 / 6400.0; 2]; 12]; 12])
        .collect();
    let y: Vec<usize> = (0..6400).map(|i| i % 5).collect();
    let loss = SparseCategoricalCrossentropy::default();
    let mut model = Images::build(&device)
        .unwrap()
        .compile(Adam::default(), loss, Accuracy)
        .unwrap();
    // The first steps make the plan and start the threads.
    allocations(&mut model, (&x, &y), 100);
    let few = allocations(&mut model, (&x, &y), 2);
    let many = allocations(&mut model, (&x, &y), 200);
    assert!(few > 0, "the allocator does not count");
    assert_eq!(few, many, "allocations of 2 steps and of 200");

    let x: Vec<[f32; 64]> = (0..1280).map(|i| [i as f32 / 1280.0; 64]).collect();
    let y: Vec<[f32; 3]> = (0..1280).map(|i| [i as f32 / 1280.0; 3]).collect();
    let mut model = Wide::build(&device)
        .unwrap()
        .compile(SGD::default(), MeanSquaredError, metrics::MeanSquaredError)
        .unwrap();
    allocations(&mut model, (&x, &y), 40);
    let few = allocations(&mut model, (&x, &y), 2);
    let many = allocations(&mut model, (&x, &y), 40);
    assert_eq!(few, many, "allocations of 2 steps and of 40");

    let x: Vec<[[f32; 6]; 20]> = (0..1280).map(|i| [[i as f32 / 1280.0; 6]; 20]).collect();
    let mut model = Sequences::build(&device)
        .unwrap()
        .compile(Adam::default(), MeanSquaredError, ())
        .unwrap();
    allocations(&mut model, (&x, &y), 40);
    let few = allocations(&mut model, (&x, &y), 2);
    let many = allocations(&mut model, (&x, &y), 40);
    assert_eq!(few, many, "allocations of 2 steps and of 40");
}
