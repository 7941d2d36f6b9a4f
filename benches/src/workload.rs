//! Each network with its batches and its optimizer, under the name that the benches call it by.

use crate::data::Kind;
use crate::networks::{Convnet, ConvnetBn, Faces, Mlp, Recurrent, WideMlp, Xor};
use crate::task::{Samples, Task, Training, load};
use addax::Device;
use addax::facts::LayerInfo;

/// Samples that are predicted for.
pub const PREDICTION_SAMPLES: usize = 2048;

/// A network, and how it is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the networks are described in `networks`")]
pub enum Workload {
    Mlp,
    Convnet,
    ConvnetBn,
    Faces,
    Xor,
    Lstm,
    WideMlp,
}

impl Workload {
    /// All of them.
    pub const ALL: [Workload; 7] = [
        Workload::Mlp,
        Workload::Convnet,
        Workload::ConvnetBn,
        Workload::Faces,
        Workload::Xor,
        Workload::Lstm,
        Workload::WideMlp,
    ];

    /// What the benches call it.
    pub fn name(self) -> &'static str {
        match self {
            Workload::Mlp => "mlp",
            Workload::Convnet => "convnet",
            Workload::ConvnetBn => "convnet_bn",
            Workload::Faces => "faces",
            Workload::Xor => "xor",
            Workload::Lstm => "lstm",
            Workload::WideMlp => "widemlp",
        }
    }

    /// The one that the benches call `name`.
    pub fn named(name: &str) -> Option<Workload> {
        Workload::ALL.into_iter().find(|w| w.name() == name)
    }

    /// How many numbers a sample has.
    pub fn numbers(self) -> usize {
        match self {
            Workload::Mlp | Workload::Convnet | Workload::ConvnetBn => 28 * 28,
            Workload::Faces => 48 * 48 * 3,
            Workload::Xor => 3,
            Workload::Lstm => 64 * 32,
            Workload::WideMlp => 1024,
        }
    }

    /// The samples of a training step.
    pub fn batch_size(self) -> usize {
        match self {
            Workload::Xor => 32,
            Workload::Lstm => 64,
            Workload::WideMlp => 256,
            _ => 128,
        }
    }

    /// The samples of an epoch.
    pub fn epoch(self) -> usize {
        match self {
            Workload::Mlp => 12_800,
            Workload::Convnet | Workload::ConvnetBn => 2_560,
            Workload::Faces => 640,
            Workload::Xor => 10_000,
            Workload::Lstm | Workload::WideMlp => 1_280,
        }
    }

    /// How it is trained.
    pub fn training(self) -> Training {
        match self {
            Workload::Faces => Training::Sgd,
            _ => Training::Adam,
        }
    }

    /// What the compiler knows of its layers.
    pub fn layers(self) -> &'static [LayerInfo] {
        match self {
            Workload::Mlp => Mlp::LAYERS,
            Workload::Convnet => Convnet::LAYERS,
            Workload::ConvnetBn => ConvnetBn::LAYERS,
            Workload::Faces => Faces::LAYERS,
            Workload::Xor => Xor::LAYERS,
            Workload::Lstm => Recurrent::LAYERS,
            Workload::WideMlp => WideMlp::LAYERS,
        }
    }

    /// The network on a device, with random data.
    ///
    /// # Errors
    /// Those of `compile`.
    pub fn load<D: Device>(self, device: &D, samples: Samples) -> addax::Result<Box<dyn Task>> {
        type Digit = [[[f32; 1]; 28]; 28];
        type Face = [[[f32; 3]; 48]; 48];
        let (how, noise) = (self.training(), Kind::Noise);
        match self {
            Workload::Mlp => load::<[f32; 784], _, _>(Mlp, device, how, noise, samples),
            Workload::Convnet => load::<Digit, _, _>(Convnet, device, how, noise, samples),
            Workload::ConvnetBn => load::<Digit, _, _>(ConvnetBn, device, how, noise, samples),
            Workload::Faces => load::<Face, _, _>(Faces, device, how, noise, samples),
            Workload::Xor => load::<[f32; 3], _, _>(Xor, device, how, Kind::Parity, samples),
            Workload::Lstm => load::<[[f32; 32]; 64], _, _>(Recurrent, device, how, noise, samples),
            Workload::WideMlp => load::<[f32; 1024], _, _>(WideMlp, device, how, noise, samples),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use addax::prelude::Cpu;

    #[test]
    fn every_workload_goes_by_its_name_and_runs() {
        for workload in Workload::ALL {
            assert_eq!(Workload::named(workload.name()), Some(workload));
            let samples = Samples {
                training: 6,
                prediction: 3,
            };
            let mut task = workload.load(&Cpu::default(), samples).unwrap();
            assert!(task.train(6, 4).unwrap() > 0.0);
            let classes = workload.layers().last().unwrap().output_shape.size();
            let answers = task.predict(3).unwrap();
            assert_eq!(answers.len(), 3 * classes);
            let sum: f32 = answers[..classes].iter().sum();
            assert!((sum - 1.0).abs() < 1e-4, "{} gives {sum}", workload.name());
        }
    }
}
