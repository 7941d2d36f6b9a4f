// Arrays that are stretched to a larger shape: along some axes their numbers are used again.

#pragma once

#include "common.cuh"

// How a smaller array lies in a larger one, whose axes have these sizes. Along an axis neighbours stand `steps` apart in
// the smaller array; 0 where it is stretched.
struct Stretch {
    static constexpr int AXES = 5;
    int sizes[AXES], steps[AXES];

    // Whether nothing is stretched.
    __device__ bool plain() const {
        bool plain = true;
        for (int axis = 0; axis < AXES; ++axis) plain = plain && (steps[axis] == 1 || sizes[axis] == 1);
        return plain;
    }

    // Where number `i` of the larger array stands in the smaller one.
    __device__ unsigned source(unsigned i) const {
        unsigned at = 0;
        for (int axis = AXES - 1; axis >= 0; --axis) {
            const unsigned size = sizes[axis];
            at += i % size * steps[axis];
            i /= size;
        }
        return at;
    }

    // Where number `i` of the smaller array stands in the larger one when it is used for the `k`th time.
    __device__ unsigned place(unsigned i, unsigned k) const {
        unsigned at = 0, step = 1;
        for (int axis = AXES - 1; axis >= 0; --axis) {
            const unsigned size = sizes[axis];
            if (steps[axis] == 0) {
                at += k % size * step;
                k /= size;
            } else {
                at += i % size * step;
                i /= size;
            }
            step *= size;
        }
        return at;
    }
};

namespace {

// The numbers from `i` on of the larger array; zeros from `n` on.
__device__ __forceinline__ Four load_stretched(const float* x, const Stretch& stretch, unsigned i, unsigned n) {
    if (stretch.plain()) return load(x, i, n);
    Four four = {{0.0f, 0.0f, 0.0f, 0.0f}};
    for (unsigned j = 0; j < 4; ++j) {
        if (i + j < n) four.at[j] = x[stretch.source(i + j)];
    }
    return four;
}

}  // namespace
