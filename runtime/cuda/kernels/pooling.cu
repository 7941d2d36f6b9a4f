// Maximum and average over windows of channels-last images.
//
// Padding takes no part: a maximum is over the pixels that exist, and an average divides by their number. A gradient is
// gathered: each input number asks the windows over it, in their order, what they give it. Nothing is stored for it and
// no two threads write to one place. Of equal maxima the first in the window, row by row, gets the gradient; a global
// maximum shares it out in equal parts. A window with a NaN has the maximum NaN and passes no gradient on.

#include "reductions.cuh"

namespace {

// The greater one, or NaN if either is.
__device__ __forceinline__ float greater(float a, float b) { return b > a || b != b ? b : a; }

// Half-open ranges of the pixels of a window that exist.
struct Area {
    int top, bottom, left, right;

    __device__ Area(const Pool& pool, int row, int column) {
        const int y = row * pool.stride_height - pool.pad_top, x = column * pool.stride_width - pool.pad_left;
        top = max(y, 0);
        bottom = min(y + pool.pool_height, pool.height);
        left = max(x, 0);
        right = min(x + pool.pool_width, pool.width);
    }
    __device__ int count() const { return (bottom - top) * (right - left); }
};

// Half-open range of the windows along one axis that cover a position.
struct Covering {
    int first, end;

    __device__ Covering(int position, int windows, int size, int stride, int pad) {
        const int padded = position + pad;
        first = padded < size ? 0 : (padded - size) / stride + 1;
        end = min(padded / stride + 1, windows);
    }
};

// A number's place in an image.
struct Place {
    int sample, row, column, channel;

    __device__ Place(unsigned i, int height, int width, int channels) {
        const unsigned pixel = i / channels, line = pixel / width;
        channel = i - pixel * channels;
        column = pixel - line * width;
        sample = line / height;
        row = line - sample * height;
    }
};

// Whether (row, column) is the first pixel of the window with this maximum. `image` begins at the sample and channel.
__device__ __forceinline__ bool is_first(const float* image, const Pool& pool, const Area& area, int row, int column,
                                         float maximum) {
    for (int r = area.top; r <= row; ++r) {
        const int right = r == row ? column : area.right;
        for (int c = area.left; c < right; ++c) {
            if (image[(r * pool.width + c) * pool.channels] == maximum) return false;
        }
    }
    return true;
}

}  // namespace

// y = the greatest number of each window.
// Grid: (ceil(rows * out_height * out_width * channels / 256)). A number of the output a thread.
KERNEL max_pool_forward(const float* x, float* y, Pool pool) {
    const unsigned i = thread_of_grid();
    if (i >= static_cast<unsigned>(pool.rows * pool.out_height * pool.out_width * pool.channels)) return;
    const Place at(i, pool.out_height, pool.out_width, pool.channels);
    const Area area(pool, at.row, at.column);
    const float* image = x + at.sample * pool.height * pool.width * pool.channels + at.channel;
    float best = -infinity();
    for (int r = area.top; r < area.bottom; ++r) {
        for (int c = area.left; c < area.right; ++c) best = greater(best, image[(r * pool.width + c) * pool.channels]);
    }
    y[i] = best;
}

// dx, overwritten, from input and output of the forward pass.
// Grid: (ceil(rows * height * width * channels / 256)). A number of the input a thread.
KERNEL max_pool_backward(const float* x, const float* y, const float* dy, float* dx, Pool pool) {
    const unsigned i = thread_of_grid();
    if (i >= static_cast<unsigned>(pool.rows * pool.height * pool.width * pool.channels)) return;
    const Place at(i, pool.height, pool.width, pool.channels);
    const Covering down(at.row, pool.out_height, pool.pool_height, pool.stride_height, pool.pad_top);
    const Covering across(at.column, pool.out_width, pool.pool_width, pool.stride_width, pool.pad_left);
    const float* image = x + at.sample * pool.height * pool.width * pool.channels + at.channel;
    const float value = x[i];
    float sum = 0.0f;
    for (int r = down.first; r < down.end; ++r) {
        for (int c = across.first; c < across.end; ++c) {
            const int window = ((at.sample * pool.out_height + r) * pool.out_width + c) * pool.channels + at.channel;
            if (value == y[window] && is_first(image, pool, Area(pool, r, c), at.row, at.column, value)) {
                sum += dy[window];
            }
        }
    }
    dx[i] = sum;
}

// y = the mean of each window.
// Grid: (ceil(rows * out_height * out_width * channels / 256)). A number of the output a thread.
KERNEL average_pool_forward(const float* x, float* y, Pool pool) {
    const unsigned i = thread_of_grid();
    if (i >= static_cast<unsigned>(pool.rows * pool.out_height * pool.out_width * pool.channels)) return;
    const Place at(i, pool.out_height, pool.out_width, pool.channels);
    const Area area(pool, at.row, at.column);
    const float* image = x + at.sample * pool.height * pool.width * pool.channels + at.channel;
    float sum = 0.0f;
    for (int r = area.top; r < area.bottom; ++r) {
        for (int c = area.left; c < area.right; ++c) sum += image[(r * pool.width + c) * pool.channels];
    }
    y[i] = sum * (1.0f / static_cast<float>(area.count()));
}

// dx, overwritten: each number of a window gets its share.
// Grid: (ceil(rows * height * width * channels / 256)). A number of the input a thread.
KERNEL average_pool_backward(const float* dy, float* dx, Pool pool) {
    const unsigned i = thread_of_grid();
    if (i >= static_cast<unsigned>(pool.rows * pool.height * pool.width * pool.channels)) return;
    const Place at(i, pool.height, pool.width, pool.channels);
    const Covering down(at.row, pool.out_height, pool.pool_height, pool.stride_height, pool.pad_top);
    const Covering across(at.column, pool.out_width, pool.pool_width, pool.stride_width, pool.pad_left);
    float sum = 0.0f;
    for (int r = down.first; r < down.end; ++r) {
        for (int c = across.first; c < across.end; ++c) {
            const int window = ((at.sample * pool.out_height + r) * pool.out_width + c) * pool.channels + at.channel;
            sum += dy[window] * (1.0f / static_cast<float>(Area(pool, r, c).count()));
        }
    }
    dx[i] = sum;
}

// y (rows, channels) = the greatest number of each channel of (rows, pixels, channels).
// Grid: (rows, ceil(channels / 32)). A block has 32 channels of a sample; its 8 warps share the pixels.
KERNEL global_max_forward(const float* x, float* y, unsigned pixels, unsigned channels) {
    __shared__ float greatest[WARPS][WARP];
    const unsigned channel = blockIdx.y * WARP + lane(), group = threadIdx.x / WARP;
    const float* image = x + blockIdx.x * pixels * channels + channel;
    float best = -infinity();
    if (channel < channels) {
        for (unsigned p = group; p < pixels; p += WARPS) best = greater(best, image[p * channels]);
    }
    greatest[group][lane()] = best;
    __syncthreads();
    if (group == 0 && channel < channels) {
        for (unsigned g = 1; g < WARPS; ++g) best = greater(best, greatest[g][lane()]);
        y[blockIdx.x * channels + channel] = best;
    }
}

// dx, overwritten: the numbers that are the greatest of their channel share its gradient.
// Grid: (rows, ceil(channels / 32)). As above.
KERNEL global_max_backward(const float* x, const float* y, const float* dy, float* dx, unsigned pixels, unsigned channels) {
    __shared__ unsigned counts[WARPS][WARP];
    const unsigned channel = blockIdx.y * WARP + lane(), group = threadIdx.x / WARP;
    const unsigned from = blockIdx.x * pixels * channels + channel, answer = blockIdx.x * channels + channel;
    const bool exists = channel < channels;
    const float best = exists ? y[answer] : 0.0f;
    unsigned count = 0;
    if (exists) {
        for (unsigned p = group; p < pixels; p += WARPS) count += x[from + p * channels] == best;
    }
    counts[group][lane()] = count;
    __syncthreads();
    if (exists) {
        unsigned all = 0;
        for (unsigned g = 0; g < WARPS; ++g) all += counts[g][lane()];
        const float part = dy[answer] / static_cast<float>(max(all, 1u));
        for (unsigned p = group; p < pixels; p += WARPS) {
            dx[from + p * channels] = x[from + p * channels] == best ? part : 0.0f;
        }
    }
}
