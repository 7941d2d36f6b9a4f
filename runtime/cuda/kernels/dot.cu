// Inner products of vectors of two inputs, sample by sample.

#include "reductions.cuh"

// The vectors of a sample along one of its axes: `count` of them, of `len` numbers that stand `step` apart.
struct Vectors {
    int count, len, step;

    __device__ unsigned size() const { return static_cast<unsigned>(count) * len; }

    // Where vector `v` of a sample begins.
    __device__ unsigned start(unsigned v) const { return v / step * step * len + v % step; }
};

namespace {

// A vector shorter than this is divided by this.
constexpr float SHORTEST = 1e-7f;

}  // namespace

// y[row, i, j] = sum over k of a[row, vector i, k] * b[row, vector j, k].
// Grid: (ceil(rows * a.count * b.count / 256)). A thread a number.
KERNEL dot_forward(const float* a, Vectors of_a, const float* b, Vectors of_b, float* y, unsigned rows) {
    const unsigned n = rows * of_a.count * of_b.count;
    const unsigned at = thread_of_grid();
    if (at >= n) return;
    const unsigned j = at % of_b.count, i = at / of_b.count % of_a.count, row = at / of_b.count / of_a.count;
    a += row * of_a.size() + of_a.start(i);
    b += row * of_b.size() + of_b.start(j);
    float sum = 0.0f;
    for (int k = 0; k < of_a.len; ++k) sum += a[k * of_a.step] * b[k * of_b.step];
    y[at] = sum;
}

// dx[row, vector i, k] = sum over j of dy[row, i * dy_step + j * dy_step_other] * other[row, vector j, k]. A row of `dy`
// has x.count * other.count numbers.
// Grid: (ceil(rows * x.count * x.len / 256)). A thread a number.
KERNEL dot_backward(const float* dy, unsigned dy_step, const float* other, Vectors of_other, unsigned dy_step_other, float* dx,
                    Vectors of_x, unsigned rows) {
    const unsigned size = of_x.size();
    const unsigned at = thread_of_grid();
    if (at >= rows * size) return;
    // The number's place in its sample is that of number k of vector i: ((i / step) * len + k) * step + i % step.
    const unsigned row = at / size, place = at % size;
    const unsigned k = place / of_x.step % of_x.len;
    const unsigned i = place / of_x.step / of_x.len * of_x.step + place % of_x.step;
    dy += row * of_x.count * of_other.count + i * dy_step;
    other += row * of_other.size() + k * of_other.step;
    float sum = 0.0f;
    for (int j = 0; j < of_other.count; ++j) sum += dy[j * dy_step_other] * other[of_other.start(j)];
    dx[at] = sum;
}

// y = x / |x| for each of rows * count vectors, and factors[vector] = 1 / |x|, at most 1e7.
// Grid: (ceil(rows * count / 8)). A warp a vector.
KERNEL unit_vectors(const float* x, Vectors vectors, float* factors, unsigned rows, float* y) {
    const unsigned vector = row_of_warp();
    if (vector >= rows * vectors.count) return;
    const unsigned start = vector / vectors.count * vectors.size() + vectors.start(vector % vectors.count);
    float square = 0.0f;
    for (int k = lane(); k < vectors.len; k += WARP) {
        const float v = x[start + k * vectors.step];
        square += v * v;
    }
    const float factor = fminf(1.0f / sqrtf(warp_sum(square)), 1.0f / SHORTEST);
    for (int k = lane(); k < vectors.len; k += WARP) y[start + k * vectors.step] = factor * x[start + k * vectors.step];
    if (lane() == 0) factors[vector] = factor;
}

// The gradient of y = x / |x| becomes that of x.
// Grid: (ceil(rows * count / 8)). A warp a vector.
KERNEL unit_vectors_backward(const float* y, Vectors vectors, const float* factors, unsigned rows, float* dy) {
    const unsigned vector = row_of_warp();
    if (vector >= rows * vectors.count) return;
    const unsigned start = vector / vectors.count * vectors.size() + vectors.start(vector % vectors.count);
    const float factor = factors[vector];
    float along = 0.0f;
    for (int k = lane(); k < vectors.len; k += WARP) along += y[start + k * vectors.step] * dy[start + k * vectors.step];
    // A factor at its bound no longer depends on the vector. All lanes of the warp are here.
    along = warp_sum(along);
    if (factor >= 1.0f / SHORTEST) along = 0.0f;
    for (int k = lane(); k < vectors.len; k += WARP) {
        const unsigned at = start + k * vectors.step;
        dy[at] = factor * (dy[at] - along * y[at]);
    }
}
