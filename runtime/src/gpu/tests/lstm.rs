//! An LSTM with every choice of its options, on a GPU and on the CPU.

use super::bench::Bench;
use super::large_layers::check;
use crate::activations::ActivationFunction::{Linear, Relu, Sigmoid, Tanh};
use crate::engine::on_devices::on_every_gpu;
use crate::gpu::driver::Driver;
use crate::layers::LSTM;
use crate::shape::Shape;

fn every_option<D: Driver>(device: &D::Device) {
    let bench = Bench::<D>::new(device);
    let activations = [
        (Tanh, Sigmoid),
        (Sigmoid, Tanh),
        (Relu, Linear),
        (Linear, Relu),
    ];
    let mut largest = 0.0_f32;
    for choice in 0..8 {
        for (activation, recurrent_activation) in activations {
            // A single step; and states that neither fill a block nor are a multiple of anything.
            for [rows, steps, features, units] in [[3, 1, 2, 5], [7, 6, 3, 41]] {
                let layer = LSTM {
                    activation,
                    recurrent_activation,
                    use_bias: choice & 1 != 0,
                    return_sequences: choice & 2 != 0,
                    go_backwards: choice & 4 != 0,
                    ..LSTM::new(units)
                };
                let input = Shape::new([steps, features]);
                let outcome = layer.output(&[input]);
                largest = largest.max(check(&bench, layer, &outcome, input, rows));
            }
        }
    }
    println!("LSTM: largest difference {largest:e}");
}

on_every_gpu!(an_lstm_agrees_with_every_option, every_option);
