// What an LSTM does with the numbers of a step, between its matrix products.
//
//   z = x W + h_before R + b             four gates of `units` numbers, one after the other: i, f, g, o
//   i, f, o = recurrent_activation(z)    g = activation(z)
//   c = f * c_before + i * g             h = o * activation(c)
//
// The products are made outside. No activation is a softmax here.

#include "activations.cuh"

// Numbers of a state, and how far apart the samples of a step stand: in the gates, the hidden states and the outputs.
// Cells of a step lie close together.
struct LstmStep {
    int units, gates, hidden, output;
};

namespace {

// The place of a number of a step: which sample, which unit, and which of all numbers of a state.
struct OfState {
    unsigned row, unit, i;

    __device__ OfState(unsigned units) : i(thread_of_grid()) {
        row = i / units;
        unit = i - row * units;
    }
};

}  // namespace

// The states before the first step: zeros.
// Grid: (ceil(rows * units / 256)). A thread a number.
KERNEL lstm_begin(float* hidden, float* cell, unsigned rows, LstmStep step) {
    const OfState at(step.units);
    if (at.row >= rows) return;
    hidden[at.row * step.hidden + at.unit] = 0.0f;
    cell[at.i] = 0.0f;
}

// One step. `gates` has x W + h_before R and becomes i, f, g, o. The hidden state goes to `hidden`, where the next step
// finds it, and to `output`; each may be null. `cell` may be `cell_before`.
// Grid: (ceil(rows * units / 256)). A thread a number.
KERNEL lstm_forward(float* gates, const float* bias, const float* cell_before, float* cell, float* hidden, float* output,
                    unsigned rows, LstmStep step, int kind, int recurrent_kind) {
    const OfState at(step.units);
    if (at.row >= rows) return;
    gates += at.row * step.gates + at.unit;
    float gate[4];
#pragma unroll
    for (unsigned j = 0; j < 4; ++j) {
        const float z = gates[j * step.units] + (bias ? bias[j * step.units + at.unit] : 0.0f);
        gate[j] = activated(z, j == 2 ? kind : recurrent_kind);
        gates[j * step.units] = gate[j];
    }
    const float c = gate[1] * cell_before[at.i] + gate[0] * gate[2];
    const float h = gate[3] * activated(c, kind);
    cell[at.i] = c;
    if (hidden) hidden[at.row * step.hidden + at.unit] = h;
    if (output) output[at.row * step.output + at.unit] = h;
}

// The way back. `gates` has i, f, g, o and becomes the gradient of z. `d_hidden` is the whole gradient of the hidden
// state and stands as the outputs do. `d_cell_after` is what the next step says of the cell, null where there is none;
// `d_cell`, which may be the same, is what this one says of the cell before it.
// Grid: (ceil(rows * units / 256)). A thread a number.
KERNEL lstm_backward(float* gates, const float* cell_before, const float* cell, const float* d_hidden,
                     const float* d_cell_after, float* d_cell, unsigned rows, LstmStep step, int kind, int recurrent_kind) {
    const OfState at(step.units);
    if (at.row >= rows) return;
    gates += at.row * step.gates + at.unit;
    float gate[4];
#pragma unroll
    for (unsigned j = 0; j < 4; ++j) gate[j] = gates[j * step.units];
    const float y = activated(cell[at.i], kind);
    const float dh = d_hidden[at.row * step.output + at.unit];
    const float dc = activation_gradient(y, dh * gate[3], kind) + (d_cell_after ? d_cell_after[at.i] : 0.0f);
    const float d_gate[4] = {dc * gate[2], dc * cell_before[at.i], dc * gate[0], dh * y};
    d_cell[at.i] = dc * gate[1];
#pragma unroll
    for (unsigned j = 0; j < 4; ++j) {
        gates[j * step.units] = activation_gradient(gate[j], d_gate[j], j == 2 ? kind : recurrent_kind);
    }
}
