// What a matrix product does not do for a `Dense` layer: bias and activation after it, the bias' gradient before it.

#include "activations.cuh"

// y = f(y + bias), in place on a (rows, width) matrix. `bias` may be null. After a softmax layer's product the kind is
// LINEAR, and `softmax` follows.
// Grid: (ceil(rows * width / 1024)). Four numbers a thread.
KERNEL bias_activate(float* y, const float* bias, unsigned rows, unsigned width, int kind) {
    const unsigned n = rows * width;
    const unsigned i = 4 * thread_of_grid();
    if (i >= n) return;
    Four four = load(y, i, n);
    unsigned column = i % width;
    for (float& v : four.at) {
        if (bias) v += bias[column];
        v = activated(v, kind);
        column = column + 1 == width ? 0 : column + 1;
    }
    store(y, i, n, four);
}

// out[s * width + c] = sum of column c over the s-th of `splits` parts of the rows: the gradient of a bias. With one
// part `out` is the gradient itself; otherwise it is a scratch of splits * width floats, and
// sum_partials(out, gradient, width, splits) follows. A good number of parts is rows * width / 8192, from 1 to 256.
// Grid: (ceil(width / 256), splits).
KERNEL column_sums(const float* x, float* out, unsigned rows, unsigned width, unsigned splits) {
    const ColumnWalk walk(rows, width, splits);
    float sum = 0.0f;
#pragma unroll 4
    for (unsigned row = walk.first; row < walk.end; row += walk.groups) sum += x[row * width + walk.column];
    sum = walk.sum(sum);
    if (walk.writes()) out[blockIdx.y * width + walk.column] = sum;
}
