//! Layers that have no kernels for a GPU: the host does their work in the middle of each step.

use super::logging::{Event, LoggingDriver};
use super::networks::{batch, data, goal};
use crate::activations::ActivationFunction::{Softmax, Tanh};
use crate::engine::{Engine, compiled};
use crate::gpu::Command;
use crate::gpu::engine::GpuEngine;
use crate::graph::{Graph, Value};
use crate::initializers::Initializer;
use crate::layers::{Dense, Layer, LayerSizes};
use crate::losses::SparseCategoricalCrossentropy;
use crate::op::{
    Backward, Forward, Grain, Measure, MeasureBackward, Measured, MeasuredBackward, Memory, Op,
    Parameters, ParametersMut, Phase, Reader,
};
use crate::optimizers::Adam;
use crate::shape::{Outcome, Parameter, Shape};
use crate::tape::NoParameters;
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;
use std::sync::Arc;

/// Makes an own layer of an op.
macro_rules! own_layer {
    ($layer:ident, $op:ident) => {
        #[derive(Clone, Copy, Debug)]
        struct $layer;

        impl Layer for $layer {
            const KIND: &'static str = stringify!($layer);
            type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

            fn op(&self, _: &[Shape], output: Shape) -> Box<dyn Op> {
                Box::new($op {
                    size: output.size(),
                })
            }
        }
    };
}

own_layer!(Gate, GateOp);
own_layer!(Center, CenterOp);
own_layer!(Mix, MixOp);

/// `y = scale · x`, with numbers left out at random in training, and a parameter that counts steps and is a part of
/// predictions. Uses everything that a layer of rows may: packed weights, a cache, room to work in, randomness, a parameter
/// of its own.
#[derive(Debug)]
struct GateOp {
    size: usize,
}

impl GateOp {
    /// Whether a number is let through.
    fn opens(phase: Phase, place: usize) -> bool {
        let Phase::Training { seed, step, layer } = phase else {
            return true;
        };
        let mut mixed = seed ^ (step << 32) ^ u64::from(layer) ^ ((place as u64) << 8);
        for _ in 0..3 {
            mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        }
        mixed >> 62 != 0
    }
}

impl Op for GateOp {
    fn memory(&self, training: bool) -> Memory {
        Memory {
            packed: self.size,
            cache: if training { self.size } else { 0 },
            scratch: self.size,
            ..Memory::NONE
        }
    }

    fn pack(&self, parameters: Parameters<'_>, reader: Reader, packed: &mut [f32]) {
        let seen = match reader {
            Reader::Training { .. } => 0.0,
            Reader::Inference => parameters.get(1)[0],
        };
        for (packed, scale) in packed.iter_mut().zip(parameters.get(0)) {
            *packed = scale + 1e-3 * seen;
        }
    }

    fn forward(&self, call: Forward<'_>) {
        for row in 0..call.rows {
            let numbers = row * self.size..(row + 1) * self.size;
            for (i, open) in call.scratch[..self.size].iter_mut().enumerate() {
                let place = (call.first_row + row) * self.size + i;
                *open = f32::from(GateOp::opens(call.phase, place));
            }
            let open = &call.scratch[..self.size];
            let x = &call.inputs[0][numbers.clone()];
            let y = &mut call.output[numbers.clone()];
            for (((y, x), scale), open) in y.iter_mut().zip(x).zip(call.packed).zip(open) {
                *y = x * scale * open;
            }
            if let Some(cache) = call.cache.get_mut(numbers) {
                cache.copy_from_slice(open);
            }
        }
    }

    fn backward(&self, mut call: Backward<'_>) {
        let Some(gradients) = &mut call.gradients else {
            return;
        };
        let d_scale = gradients.get(0);
        for (i, ((dy, open), x)) in call
            .d_output
            .iter()
            .zip(call.cache)
            .zip(call.inputs[0])
            .enumerate()
        {
            d_scale[i % self.size] += dy * open * x;
        }
        if let Some(d_input) = &mut call.d_inputs[0] {
            for (i, dx) in d_input.iter_mut().enumerate() {
                *dx = call.d_output[i] * call.cache[i] * call.packed[i % self.size];
            }
        }
    }

    fn after_step(&self, _: usize, _: &[f32], mut parameters: ParametersMut<'_>) {
        parameters.get(1)[0] += 1.0;
    }
}

fn gate(input: Shape) -> Outcome {
    let scale = Parameter::new("scale", Shape::new([input.size()]), Initializer::Ones);
    let seen = Parameter::fixed("seen", Shape::new([1]), Initializer::Zeros);
    Outcome::ok(input).with(scale).with(seen)
}

/// The distance of each row from the mean of the batch, which it leaves for the backward pass; in predictions the input.
#[derive(Debug)]
struct CenterOp {
    size: usize,
}

impl CenterOp {
    fn add(&self, rows: &[f32], sums: &mut [f64]) {
        for (i, x) in rows.iter().enumerate() {
            sums[i % self.size] += f64::from(*x);
        }
    }

    fn mean(&self, rows: usize, sums: &[&mut [f64]], means: &mut [f32]) {
        for (i, mean) in means.iter_mut().enumerate() {
            let sum: f64 = sums.iter().map(|part| part[i]).sum();
            *mean = (sum / rows as f64) as f32;
        }
    }
}

impl Op for CenterOp {
    fn memory(&self, training: bool) -> Memory {
        Memory {
            shared: if training { 2 * self.size } else { 0 },
            sums: self.size,
            ..Memory::default()
        }
    }

    fn grain(&self, training: bool) -> Grain {
        if training {
            Grain::Measured
        } else {
            Grain::Rows
        }
    }

    fn measure(&self, call: Measure<'_>) {
        self.add(call.inputs[0], call.sums);
    }

    fn measured(&self, call: Measured<'_>) {
        let means = &mut call.shared[..self.size];
        self.mean(call.rows, call.sums, means);
    }

    fn measure_backward(&self, call: MeasureBackward<'_>) {
        self.add(call.d_output, call.sums);
    }

    fn measured_backward(&self, call: MeasuredBackward<'_>) {
        let (means, d_means) = call.shared.split_at_mut(self.size);
        self.mean(call.rows, call.sums, d_means);
        // As if the mean were multiplied with itself and not only subtracted: a use for what was left.
        for (d_mean, mean) in d_means.iter_mut().zip(means) {
            *d_mean += 0.01 * *mean;
        }
    }

    fn forward(&self, call: Forward<'_>) {
        call.output.copy_from_slice(call.inputs[0]);
        if call.phase == Phase::Inference {
            return;
        }
        for (i, y) in call.output.iter_mut().enumerate() {
            *y -= call.shared[i % self.size];
        }
    }

    fn backward(&self, call: Backward<'_>) {
        let Some(d_input) = &mut call.d_inputs[0] else {
            return;
        };
        d_input.copy_from_slice(call.d_output);
        for (i, dx) in d_input.iter_mut().enumerate() {
            *dx -= call.shared[self.size + i % self.size];
        }
    }
}

/// `y = a · b`, of two inputs.
#[derive(Debug)]
struct MixOp {
    size: usize,
}

impl Op for MixOp {
    fn forward(&self, call: Forward<'_>) {
        debug_assert_eq!(call.output.len(), call.rows * self.size);
        let pairs = call.inputs[0].iter().zip(call.inputs[1]);
        for (y, (a, b)) in call.output.iter_mut().zip(pairs) {
            *y = a * b;
        }
    }

    fn backward(&self, call: Backward<'_>) {
        for (d_input, other) in call.d_inputs.iter_mut().zip([1, 0]) {
            let Some(d_input) = d_input else { continue };
            let pairs = call.d_output.iter().zip(call.inputs[other]);
            for (d, (dy, other)) in d_input.iter_mut().zip(pairs) {
                *d = dy * other;
            }
        }
    }
}

/// Own layers among others: first of all, where nobody needs the gradient of the input; called twice with the same
/// parameters; with two inputs, of which one is used elsewhere too.
fn own_layers() -> Graph {
    let mut graph = Graph::new("own_layers");
    let six = Shape::new([6]);
    let input = graph.input("input", six);
    let gates = graph.layer("gate", Gate, &gate(six));
    let first = graph.call(gates, &gate(six), &[input]);
    let dense = |graph: &mut Graph, name, layer: Dense, value: Value| {
        let outcome = layer.output(&[graph.shape(value)]);
        let id = graph.layer(name, layer, &outcome);
        graph.call(id, &outcome, &[value])
    };
    let layer = Dense {
        activation: Tanh,
        ..Dense::new(6)
    };
    let hidden = dense(&mut graph, "dense", layer, first);
    let again = graph.call(gates, &gate(six), &[hidden]);
    let same = Outcome::ok(six);
    let center = graph.layer("center", Center, &same);
    let centered = graph.call(center, &same, &[again]);
    let mix = graph.layer("mix", Mix, &same);
    let mixed = graph.call(mix, &same, &[centered, again]);
    let layer = Dense {
        activation: Softmax,
        ..Dense::new(5)
    };
    let output = dense(&mut graph, "dense_1", layer, mixed);
    graph.output("output", output);
    graph
}

const ROWS: usize = 20;

#[test]
fn a_step_with_work_of_the_host_is_never_captured() {
    let driver: Arc<LoggingDriver> = Arc::default();
    let data = data(
        &own_layers(),
        &SparseCategoricalCrossentropy::default(),
        ROWS,
    );
    let mut engine: GpuEngine<LoggingDriver> =
        compiled(&driver, own_layers(), 5, goal(Adam::new(0.01)));
    let rows: Vec<u32> = (0..8).collect();
    driver.events();
    for _ in 0..3 {
        engine.train(8, batch(&data, &rows), 1).unwrap();
    }
    let events = driver.events();
    assert!(!events.contains(&Event::Capture));
    let Some(Event::Run(commands)) = events.last() else {
        panic!("a step ends with its commands");
    };
    let host = commands.iter().filter(|c| matches!(c, Command::Host(_)));
    // Four calls, forward and backward.
    assert_eq!(host.count(), 8);
}

#[cfg(any(feature = "cuda", feature = "cuda-emulator"))]
mod agreement {
    use super::{ROWS, own_layers};
    use crate::engine::on_devices::on_every_gpu;
    use crate::engine::{CpuEngine, Engine, compiled};
    use crate::golden::close;
    use crate::gpu::driver::Driver;
    use crate::gpu::engine::GpuEngine;
    use crate::gpu::tests::agreement::{same_weights, values};
    use crate::gpu::tests::networks::{batch, data, goal};
    use crate::losses::SparseCategoricalCrossentropy;
    use crate::optimizers::Adam;
    use dfdx::tensor::Cpu;

    /// Losses, metrics and answers. The largest difference seen is 1.2e-7.
    const TOLERANCE: f32 = 1e-5;

    on_every_gpu!(own_layers_agree, agree);

    fn agree<D: Driver>(device: &D::Device) {
        let data = data(
            &own_layers(),
            &SparseCategoricalCrossentropy::default(),
            ROWS,
        );
        let mut cpu: CpuEngine = compiled(&Cpu::default(), own_layers(), 5, goal(Adam::new(0.01)));
        let mut gpu: GpuEngine<D> = compiled(device, own_layers(), 5, goal(Adam::new(0.01)));
        let order: Vec<u32> = (0..ROWS as u32).rev().collect();
        // The last batch is smaller.
        let batches: Vec<&[u32]> = order.chunks(8).collect();
        let before = cpu.evaluate_all(&data).unwrap().mean_loss();
        let mut largest = 0.0_f32;
        for step in 0..60 {
            let seed = 0x0123_4567_89ab_cdef + step as u64 / 30;
            let rows = batches[step % batches.len()];
            let expected = cpu.step(8, batch(&data, rows), seed);
            let got = gpu.step(8, batch(&data, rows), seed);
            let (expected, got) = (values(&cpu, &expected), values(&gpu, &got));
            largest = largest.max(close(&format!("step {step}"), &got, &expected, TOLERANCE));
        }
        largest = largest.max(same_weights("own layers", &gpu, &cpu));
        // How many steps the gate has seen: two calls in each of sixty steps on the device, as on the CPU.
        let seen = gpu.parameters().unwrap().swap_remove(1);
        assert_eq!(seen, cpu.parameters().unwrap().swap_remove(1));
        let answers = gpu.predict_single(&data.x[0], ROWS).unwrap();
        let expected = cpu.predict_single(&data.x[0], ROWS).unwrap();
        largest = largest.max(close("predict", &answers, &expected, TOLERANCE));
        let got = values(&gpu, &gpu.evaluate_all(&data).unwrap());
        let expected = values(&cpu, &cpu.evaluate_all(&data).unwrap());
        largest = largest.max(close("evaluate", &got, &expected, TOLERANCE));
        let after = gpu.evaluate_all(&data).unwrap().mean_loss();
        assert!(after < 0.95 * before, "{before} became {after}");
        println!("own layers: largest difference {largest:e}");
    }
}
