//! What `Conv2D` and its transpose do alike on the CPU: passes of a kernel, and the activation around them.

use crate::activations::ActivationFunction;
use crate::kernels::convolution::Passes;
use crate::op::{Backward, Forward, Parameters, Reader};

/// A convolution or its transpose with its activation over `filters` channels.
#[derive(Clone, Copy, Debug)]
pub(super) struct CpuConvolution<'a, P> {
    pub(super) passes: &'a P,
    pub(super) activation: ActivationFunction,
    pub(super) filters: usize,
}

impl<P: Passes> CpuConvolution<'_, P> {
    /// The kernels apply a ReLU themselves.
    fn relu(&self) -> bool {
        self.activation == ActivationFunction::Relu
    }

    pub(super) fn pack(&self, parameters: Parameters<'_>, reader: Reader, packed: &mut [f32]) {
        let bias = parameters.get(1);
        let bias = (!bias.is_empty()).then_some(bias);
        let d_input = reader == Reader::Training { d_inputs: true };
        self.passes.pack(parameters.get(0), bias, d_input, packed);
    }

    pub(super) fn forward(&self, call: Forward<'_>) {
        self.passes.forward(
            call.rows,
            call.inputs[0],
            call.packed,
            self.relu(),
            call.output,
            call.scratch,
        );
        if !self.relu() {
            self.activation.forward(call.output, self.filters);
        }
    }

    pub(super) fn backward(&self, mut call: Backward<'_>) {
        if !self.relu() {
            self.activation
                .backward(call.output, call.d_output, self.filters);
        }
        let Some(gradients) = &mut call.gradients else {
            return;
        };
        let [d_kernel, d_bias] = gradients.all();
        self.passes.backward(
            call.rows,
            call.inputs[0],
            self.relu().then_some(call.output),
            call.d_output,
            call.packed,
            call.d_inputs[0].as_deref_mut(),
            d_kernel,
            (!d_bias.is_empty()).then_some(d_bias),
            call.scratch,
        );
    }
}
