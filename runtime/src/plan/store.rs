//! All parameters of a network in one arena.

use crate::graph::{Graph, GraphLayer};
use crate::kernels::aligned::AlignedVec;
use crate::op::{Parameters, ParametersMut};
use crate::shape::{Outcome, Parameter};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::ops::Range;

/// Parameters start on whole cache lines.
const LINE: usize = 16;

/// The parameters of one layer in the arena.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// All of the layer's parameters.
    pub(crate) all: Range<usize>,
    /// The trained ones, which stand first.
    pub(crate) trained: Range<usize>,
    /// Each parameter within the block.
    pub(crate) ranges: Vec<Range<usize>>,
    /// Each trained parameter within the block.
    pub(crate) trained_ranges: Vec<Range<usize>>,
}

/// The parameters of a network.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    values: AlignedVec,
    blocks: Vec<Block>,
}

impl Store {
    /// Parameters with first values drawn from `seed`, each from its own stream: adding a layer does not change the
    /// values of the layers before it.
    pub(crate) fn new(graph: &Graph, seed: u64) -> Self {
        let mut blocks = Vec::with_capacity(graph.layers().len());
        let mut end = 0;
        for layer in graph.layers() {
            let block = arrange(layer, end);
            end = block.all.end.next_multiple_of(LINE);
            blocks.push(block);
        }
        let mut store = Store {
            values: AlignedVec::new(end),
            blocks,
        };
        let mut stream = 0;
        for (layer, declared) in graph.layers().iter().enumerate() {
            for (index, parameter) in declared.parameters.iter().enumerate() {
                let mut generator = ChaCha8Rng::seed_from_u64(seed);
                generator.set_stream(stream);
                stream += 1;
                let values = parameter.values(&mut generator);
                store.layer_mut(layer).get(index).copy_from_slice(&values);
            }
        }
        store
    }

    /// Where each layer's parameters are.
    pub(crate) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The whole arena.
    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    /// The whole arena.
    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// The whole arena, and where each layer's parameters are.
    pub(crate) fn values_and_blocks(&mut self) -> (&mut [f32], &[Block]) {
        (&mut self.values, &self.blocks)
    }

    /// The parameters of one layer.
    pub(crate) fn layer(&self, layer: usize) -> Parameters<'_> {
        let block = &self.blocks[layer];
        Parameters::new(&self.values[block.all.clone()], &block.ranges)
    }

    /// The parameters of one layer.
    pub(crate) fn layer_mut(&mut self, layer: usize) -> ParametersMut<'_> {
        let block = &self.blocks[layer];
        ParametersMut::new(&mut self.values[block.all.clone()], &block.ranges)
    }

    /// Copies of all parameters in order. One of length 0 is left out: a layer may as well not have named it.
    pub(crate) fn to_vecs(&self) -> Vec<Vec<f32>> {
        let mut vecs = Vec::new();
        for (layer, block) in self.blocks.iter().enumerate() {
            for index in 0..block.ranges.len() {
                vecs.push(self.layer(layer).get(index).to_vec());
            }
        }
        vecs.retain(|values| !values.is_empty());
        vecs
    }

    /// Takes over parameters in the same form.
    pub(crate) fn set(&mut self, parameters: Vec<Vec<f32>>) {
        let mut parameters = parameters.into_iter();
        for block in &self.blocks {
            for range in block.ranges.iter().filter(|range| !range.is_empty()) {
                if let Some(parameter) = parameters.next() {
                    let start = block.all.start;
                    self.values[start + range.start..start + range.end].copy_from_slice(&parameter);
                }
            }
        }
    }
}

fn arrange(layer: &GraphLayer, start: usize) -> Block {
    let mut ranges = Vec::with_capacity(layer.parameters.len());
    let (mut end, mut trained_end) = (0, 0);
    for parameter in &layer.parameters {
        ranges.push(end..end + parameter.shape.size());
        end = behind(end, parameter);
        if parameter.trainable {
            trained_end = end;
        }
    }
    let trained = layer.parameters.iter().filter(|p| p.trainable).count();
    debug_assert!(
        layer.parameters[..trained].iter().all(|p| p.trainable),
        "a layer's trained parameters stand first"
    );
    Block {
        all: start..start + end,
        trained: start..start + trained_end,
        trained_ranges: ranges[..trained].to_vec(),
        ranges,
    }
}

/// Where the next parameter of a layer begins.
const fn behind(start: usize, parameter: &Parameter) -> usize {
    (start + parameter.shape.size()).next_multiple_of(LINE)
}

/// The places that the parameters of a layer take in the arena: those of the trained ones, or of all.
pub(crate) const fn block_len(outcome: &Outcome, trained: bool) -> usize {
    let mut end = 0;
    let mut i = 0;
    while let Some(parameter) = outcome.parameter(i) {
        if parameter.trainable || !trained {
            end = behind(end, &parameter);
        }
        i += 1;
    }
    end
}
