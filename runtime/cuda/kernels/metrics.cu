// Metrics of each row; `add_rows` adds them to the sums of an epoch.
//
// What counts as right is written in `metrics::Accuracy`: of equal predictions the first is the largest, and a
// prediction of exactly 0.5 is a no.

#include "reductions.cuh"

namespace {

// The place of the first largest number of a row, in all lanes. As on the CPU: a NaN is passed over, except that a row
// which begins with one has its largest there.
__device__ __forceinline__ unsigned largest(const float* values, unsigned width) {
    float best = -infinity();
    unsigned place = width;
    for (unsigned i = lane(); i < width; i += WARP) {
        const float v = values[i];
        if (v > best || (v == best && place == width)) {
            best = v;
            place = i;
        }
    }
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        const float other = __shfl_xor_sync(0xffffffffu, best, distance);
        const unsigned at = __shfl_xor_sync(0xffffffffu, place, distance);
        if (other > best || (other == best && at < place)) {
            best = other;
            place = at;
        }
    }
    return values[0] != values[0] ? 0 : place;
}

struct SquaredDistance {
    __device__ static float of(float t, float p) { return (p - t) * (p - t); }
};

struct Distance {
    __device__ static float of(float t, float p) { return fabsf(p - t); }
};

template <class Rule>
__device__ __forceinline__ void mean_of_row(const float* y_pred, const float* y_true, float* row_values, unsigned rows,
                                            unsigned size) {
    const unsigned row = row_of_warp();
    if (row >= rows) return;
    float sum = 0.0f;
    for (unsigned i = row * size + lane(); i < (row + 1) * size; i += WARP) sum += Rule::of(y_true[i], y_pred[i]);
    sum = warp_sum(sum);
    if (lane() == 0) row_values[row] = sum / static_cast<float>(size);
}

}  // namespace

// 1 where the largest prediction is the class, else 0.
// Grid: (ceil(rows / 8)). A warp a row.
KERNEL accuracy_classes(const float* y_pred, const int* classes, float* row_values, unsigned rows, unsigned width) {
    const unsigned row = row_of_warp();
    if (row >= rows) return;
    const unsigned answer = largest(y_pred + row * width, width);
    if (lane() == 0) row_values[row] = answer == static_cast<unsigned>(classes[row]) ? 1.0f : 0.0f;
}

// 1 where the largest prediction stands where the largest target does; with a width of 1, where both or neither are
// above 0.5. row_values has a number for each of the rows * size / width positions.
// Grid: (ceil(rows * size / width / 8)). A warp a position.
KERNEL accuracy_values(const float* y_pred, const float* y_true, float* row_values, unsigned rows, unsigned size,
                       unsigned width) {
    const unsigned position = row_of_warp();
    if (position >= rows * (size / width)) return;
    const float* p = y_pred + position * width;
    const float* t = y_true + position * width;
    const bool right = width == 1 ? (*p > 0.5f) == (*t > 0.5f) : largest(p, width) == largest(t, width);
    if (lane() == 0) row_values[position] = right ? 1.0f : 0.0f;
}

// The mean of (y_pred - y_true)^2 over a row.
// Grid: (ceil(rows / 8)). A warp a row.
KERNEL squared_error_rows(const float* y_pred, const float* y_true, float* row_values, unsigned rows, unsigned size) {
    mean_of_row<SquaredDistance>(y_pred, y_true, row_values, rows, size);
}

// The mean of |y_pred - y_true| over a row.
// Grid: (ceil(rows / 8)). A warp a row.
KERNEL absolute_error_rows(const float* y_pred, const float* y_true, float* row_values, unsigned rows, unsigned size) {
    mean_of_row<Distance>(y_pred, y_true, row_values, rows, size);
}
