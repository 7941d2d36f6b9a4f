// Activations as layers of their own, and the gradients of all of them.
//
//   relu     y = max(0, x)            dx = dy where y > 0, else 0
//   sigmoid  y = 1 / (1 + e^-x)       dx = dy * y * (1 - y)
//   tanh     y = tanh(x)              dx = dy * (1 - y^2)
//   softmax  y = e^(x - max) / sum    dx = y * (dy - sum(dy * y)), row by row
//
// NaN goes through all of them.

#include "activations.cuh"

// y = f(x) for relu, sigmoid, tanh and linear. `y` may be `x`.
// Grid: (ceil(n / 1024)). Four numbers a thread.
KERNEL activate(const float* x, float* y, unsigned n, int kind) {
    const unsigned i = 4 * thread_of_grid();
    if (i >= n) return;
    Four four = load(x, i, n);
    for (float& v : four.at) v = activated(v, kind);
    store(y, i, n, four);
}

// dx from dy and the output y, for relu, sigmoid, tanh and linear. `dx` may be `dy`.
// Grid: (ceil(n / 1024)). Four numbers a thread.
KERNEL activate_backward(const float* y, const float* dy, float* dx, unsigned n, int kind) {
    const unsigned i = 4 * thread_of_grid();
    if (i >= n) return;
    const Four output = load(y, i, n);
    Four gradient = load(dy, i, n);
    for (unsigned j = 0; j < 4; ++j) gradient.at[j] = activation_gradient(output.at[j], gradient.at[j], kind);
    store(dx, i, n, gradient);
}

// The softmax of each row. `y` may be `x`.
// Grid: (ceil(rows / 8)). A warp a row.
KERNEL softmax(const float* x, float* y, unsigned rows, unsigned width) {
    const unsigned row = row_of_warp();
    if (row >= rows) return;
    softmax_row(x + row * width, y + row * width, width);
}

// dx from dy and the output y. `dx` may be `dy`.
// Grid: (ceil(rows / 8)). A warp a row.
KERNEL softmax_backward(const float* y, const float* dy, float* dx, unsigned rows, unsigned width) {
    const unsigned row = row_of_warp();
    if (row >= rows) return;
    softmax_row_gradient(y + row * width, dy + row * width, dx + row * width, width);
}
