// Two-dimensional convolution on channels-last images, as matrix products whose large matrix is never written down
// (implicit GEMM, see matrix_tile.cuh):
//
//   forward          y      (pixels of y  x filters)   sum over (kernel row, kernel column, channel)
//   input gradient   dx     (pixels of dx x channels)  sum over (kernel row, kernel column, filter)
//   kernel gradient  kernel (taps         x filters)   sum over the pixels of y, in parts that are added afterwards
//
// With strides, an input pixel is reached by some kernel taps only: which ones depends on the residue of its padded
// position. The input gradient goes over one residue (a phase) at a time, and no product with an inserted zero is
// computed.
//
// Each kernel comes in three widths, for 16, 32 and 64 columns (filters, for the input gradient channels) in a tile.
// The host takes the narrowest in which all columns fit, else 64.

#include "activations.cuh"
#include "matrix_tile.cuh"

namespace {

// Division by a number that is known once per thread: a multiplication and a shift (Granlund and Montgomery 1994), for
// dividends below 2^31.
struct Divider {
    unsigned divisor, factor, shift;

    __device__ explicit Divider(unsigned divisor_) : divisor(divisor_) {
        shift = divisor > 1 ? 32 - __clz(divisor - 1) : 0;
        const unsigned long long rest = (1ull << shift) - divisor;
        factor = static_cast<unsigned>((rest << 32) / divisor + 1);
    }
    __device__ __forceinline__ unsigned quotient(unsigned n) const { return (__umulhi(n, factor) + n) >> shift; }
};

// Where the window of a row of the tile stands in the image.
struct Window {
    // First number of the sample, and the pixel of the first tap.
    int sample, row, column;
};

// Stands outside of every image: a row of the tile that has no pixel.
__device__ __forceinline__ Window nowhere() { return {0, -(1 << 30), 0}; }

// Loads pixels under windows: SIZE windows x (tap row, tap column, channel). DIRECTION is 1 where taps go down and right
// from a window's pixel, -1 where they go up and left.
template <unsigned SIZE, int DIRECTION>
struct Patches {
    static constexpr bool ALONG_DEPTH = true;
    const float* image;
    const Window* windows;
    int height, width;
    unsigned channels, taps_across;

    __device__ void fetch(unsigned first, unsigned end, float (&to)[Share<SIZE, true>::COUNT]) const {
        using S = Share<SIZE, true>;
        const unsigned k = first + S::depth(0);
        const unsigned tap = k / channels, channel = k - tap * channels;
        const int tap_row = tap / taps_across, tap_column = tap % taps_across;
#pragma unroll
        for (unsigned i = 0; i < S::COUNT; ++i) {
            const Window window = windows[S::place(i)];
            const int row = window.row + DIRECTION * tap_row, column = window.column + DIRECTION * tap_column;
            const bool inside = k < end && row >= 0 && row < height && column >= 0 && column < width;
            to[i] = inside ? image[window.sample + (row * width + column) * static_cast<int>(channels) +
                                   static_cast<int>(channel)]
                           : 0.0f;
        }
    }
};

// The kernel as the input gradient needs it: (tap row of the phase, tap column, filter) x channels.
template <unsigned SIZE>
struct TurnedKernel {
    static constexpr bool ALONG_DEPTH = true;
    const float* kernel;
    const Conv& conv;
    unsigned residue_row, residue_column, taps_across, from;

    __device__ void fetch(unsigned first, unsigned end, float (&to)[Share<SIZE, true>::COUNT]) const {
        using S = Share<SIZE, true>;
        const unsigned k = first + S::depth(0), filters = conv.filters, channels = conv.channels;
        const unsigned tap = k / filters, filter = k - tap * filters;
        const unsigned row = residue_row + conv.stride_height * (tap / taps_across);
        const unsigned column = residue_column + conv.stride_width * (tap % taps_across);
#pragma unroll
        for (unsigned i = 0; i < S::COUNT; ++i) {
            const unsigned channel = from + S::place(i);
            const bool inside = k < end && channel < channels;
            to[i] = inside ? kernel[((row * conv.kernel_width + column) * channels + channel) * filters + filter] : 0.0f;
        }
    }
};

// The patches of an image the other way round: taps x pixels of the output.
template <unsigned SIZE>
struct TurnedPatches {
    static constexpr bool ALONG_DEPTH = false;
    const float* x;
    const Conv& conv;
    const Divider by_width, by_height;
    // This thread's tap: its pixel in the window, and its channel; whether there is one.
    int tap_row, tap_column, channel;
    bool exists;

    __device__ TurnedPatches(const float* x_, const Conv& conv_, unsigned from)
        : x(x_), conv(conv_), by_width(conv_.out_width), by_height(conv_.out_height) {
        const unsigned tap = from + Share<SIZE, false>::place(0), across = conv.kernel_width * conv.channels;
        tap_row = tap / across;
        tap_column = tap % across / conv.channels;
        channel = tap % conv.channels;
        exists = tap_row < conv.kernel_height;
    }

    __device__ void fetch(unsigned first, unsigned end, float (&to)[Share<SIZE, false>::COUNT]) const {
        using S = Share<SIZE, false>;
#pragma unroll
        for (unsigned i = 0; i < S::COUNT; ++i) {
            const unsigned pixel = first + S::depth(i);
            const unsigned line = by_width.quotient(pixel), sample = by_height.quotient(line);
            const int row =
                static_cast<int>(line - sample * conv.out_height) * conv.stride_height - conv.pad_top + tap_row;
            const int column =
                static_cast<int>(pixel - line * conv.out_width) * conv.stride_width - conv.pad_left + tap_column;
            const bool inside = exists && pixel < end && row >= 0 && row < conv.height && column >= 0 && column < conv.width;
            const int line_of_x = static_cast<int>(sample) * conv.height + row;
            to[i] = inside ? x[(line_of_x * conv.width + column) * conv.channels + channel] : 0.0f;
        }
    }
};

// Writes WIDE neighbours of a row from `column` on, except beyond `columns`. `at` is the row's first number.
template <unsigned WIDE>
__device__ __forceinline__ void write_row(float* at, unsigned column, unsigned columns, const float (&values)[WIDE]) {
    if constexpr (WIDE == 4) {
        store(at, column, columns, {{values[0], values[1], values[2], values[3]}});
    } else {
        for (unsigned j = 0; j < WIDE; ++j) {
            if (column + j < columns) at[column + j] = values[j];
        }
    }
}

template <class T>
__device__ __forceinline__ void forward(const float* x, const float* kernel, const float* bias, float* y, const Conv& conv,
                                        int kind) {
    __shared__ Window windows[T::ROWS];
    const unsigned pixels = conv.rows * conv.out_height * conv.out_width;
    const unsigned first = blockIdx.x * T::ROWS, from = blockIdx.y * T::COLUMNS, filters = conv.filters;
    for (unsigned i = threadIdx.x; i < T::ROWS; i += BLOCK) {
        const unsigned pixel = first + i, line = pixel / conv.out_width, sample = line / conv.out_height;
        windows[i] = nowhere();
        if (pixel < pixels) {
            windows[i] = {static_cast<int>(sample) * conv.height * conv.width * conv.channels,
                          static_cast<int>(line - sample * conv.out_height) * conv.stride_height - conv.pad_top,
                          static_cast<int>(pixel - line * conv.out_width) * conv.stride_width - conv.pad_left};
        }
    }
    __syncthreads();
    const Patches<T::ROWS, 1> left{x, windows, conv.height, conv.width, static_cast<unsigned>(conv.channels),
                                   static_cast<unsigned>(conv.kernel_width)};
    const Rows<T::COLUMNS> right{kernel, filters, from};
    float sums[T::HIGH][T::WIDE] = {};
    multiply<T>(left, right, 0, conv.kernel_height * conv.kernel_width * conv.channels, sums);

    const unsigned column = from + T::column();
    float biases[T::WIDE];
    for (unsigned j = 0; j < T::WIDE; ++j) biases[j] = bias && column + j < filters ? bias[column + j] : 0.0f;
#pragma unroll
    for (unsigned i = 0; i < T::HIGH; ++i) {
        const unsigned pixel = first + T::row() + i;
        if (pixel < pixels) {
            for (unsigned j = 0; j < T::WIDE; ++j) sums[i][j] = activated(sums[i][j] + biases[j], kind);
            write_row(y + pixel * filters, column, filters, sums[i]);
        }
    }
}

// The positions along one axis that a phase covers.
struct Phase {
    // Taps that reach them, the first of them, and how many there are.
    int taps, first, count;

    __device__ Phase(int residue, int size, int kernel, int stride, int pad) {
        // Position p of the input is position p + pad = stride * q + residue of the padded input, which tap
        // residue + stride * t of output q - t reads.
        taps = kernel > residue ? (kernel - residue + stride - 1) / stride : 0;
        first = (residue + stride - pad % stride) % stride;
        count = size > first ? (size - first + stride - 1) / stride : 0;
    }
};

template <class T>
__device__ __forceinline__ void input_gradient(const float* dz, const float* kernel, float* dx, const Conv& conv) {
    __shared__ Window windows[T::ROWS];
    const int residue_row = blockIdx.z / conv.stride_width, residue_column = blockIdx.z % conv.stride_width;
    const Phase down(residue_row, conv.height, conv.kernel_height, conv.stride_height, conv.pad_top);
    const Phase across(residue_column, conv.width, conv.kernel_width, conv.stride_width, conv.pad_left);
    const unsigned pixels = conv.rows * down.count * across.count;
    const unsigned first = blockIdx.x * T::ROWS, from = blockIdx.y * T::COLUMNS, channels = conv.channels;
    // Phases may have fewer pixels than the grid, which is made for the largest one. The whole block leaves.
    if (first >= pixels) return;
    for (unsigned i = threadIdx.x; i < T::ROWS; i += BLOCK) {
        const unsigned pixel = first + i;
        windows[i] = nowhere();
        if (pixel < pixels) {
            const unsigned line = pixel / across.count, sample = line / down.count;
            const int row = down.first + static_cast<int>(line - sample * down.count) * conv.stride_height;
            const int column = across.first + static_cast<int>(pixel - line * across.count) * conv.stride_width;
            windows[i] = {static_cast<int>(sample) * conv.out_height * conv.out_width * conv.filters,
                          (row + conv.pad_top) / conv.stride_height, (column + conv.pad_left) / conv.stride_width};
        }
    }
    __syncthreads();
    const unsigned taps_across = across.taps;
    const Patches<T::ROWS, -1> left{dz, windows, conv.out_height, conv.out_width, static_cast<unsigned>(conv.filters),
                                    taps_across};
    const TurnedKernel<T::COLUMNS> right{kernel, conv, static_cast<unsigned>(residue_row),
                                         static_cast<unsigned>(residue_column), taps_across, from};
    float sums[T::HIGH][T::WIDE] = {};
    multiply<T>(left, right, 0, down.taps * across.taps * conv.filters, sums);

#pragma unroll
    for (unsigned i = 0; i < T::HIGH; ++i) {
        const unsigned pixel = first + T::row() + i;
        if (pixel < pixels) {
            const unsigned line = pixel / across.count, sample = line / down.count;
            const unsigned row = down.first + (line - sample * down.count) * conv.stride_height;
            const unsigned column = across.first + (pixel - line * across.count) * conv.stride_width;
            float* at = dx + ((sample * conv.height + row) * conv.width + column) * channels;
            write_row(at, from + T::column(), channels, sums[i]);
        }
    }
}

template <class T>
__device__ __forceinline__ void kernel_gradient(const float* x, const float* dz, float* partials, const Conv& conv,
                                                unsigned splits) {
    const unsigned pixels = conv.rows * conv.out_height * conv.out_width;
    const unsigned taps = conv.kernel_height * conv.kernel_width * conv.channels, filters = conv.filters;
    const unsigned first = blockIdx.x * T::ROWS, from = blockIdx.y * T::COLUMNS;
    const unsigned part = quotient_up(quotient_up(pixels, splits), DEPTH) * DEPTH;
    const TurnedPatches<T::ROWS> left(x, conv, first);
    const Rows<T::COLUMNS> right{dz, filters, from};
    float sums[T::HIGH][T::WIDE] = {};
    multiply<T>(left, right, blockIdx.z * part, min(pixels, (blockIdx.z + 1) * part), sums);

    float* out = partials + blockIdx.z * taps * filters;
#pragma unroll
    for (unsigned i = 0; i < T::HIGH; ++i) {
        const unsigned tap = first + T::row() + i;
        if (tap < taps) write_row(out + tap * filters, from + T::column(), filters, sums[i]);
    }
}

// For the passes over pixels, of which there are many.
using Tile16 = Tile<256, 16, 4, 4>;
using Tile32 = Tile<128, 32, 4, 4>;
using Tile64 = Tile<128, 64, 8, 4>;
// For the kernel gradient, whose rows are the taps: often few.
using Taps16 = Tile<64, 16, 4, 1>;
using Taps32 = Tile<64, 32, 4, 2>;
using Taps64 = Tile<64, 64, 4, 4>;

}  // namespace

// y = f(x * kernel + bias). `bias` may be null; of the activations all but softmax, for which the kind is LINEAR and
// `softmax` follows.
// Grid: (ceil(rows * out_height * out_width / R), ceil(filters / C)) with (R, C) = (256, 16), (128, 32), (128, 64).
KERNEL conv2d_forward_16(const float* x, const float* kernel, const float* bias, float* y, Conv conv, int kind) {
    forward<Tile16>(x, kernel, bias, y, conv, kind);
}
KERNEL conv2d_forward_32(const float* x, const float* kernel, const float* bias, float* y, Conv conv, int kind) {
    forward<Tile32>(x, kernel, bias, y, conv, kind);
}
KERNEL conv2d_forward_64(const float* x, const float* kernel, const float* bias, float* y, Conv conv, int kind) {
    forward<Tile64>(x, kernel, bias, y, conv, kind);
}

// dx, overwritten, from the gradient dz before the activation.
// Grid: (ceil(rows * ceil(height / stride_height) * ceil(width / stride_width) / R), ceil(channels / C),
// stride_height * stride_width) with the same (R, C).
KERNEL conv2d_input_gradient_16(const float* dz, const float* kernel, float* dx, Conv conv) {
    input_gradient<Tile16>(dz, kernel, dx, conv);
}
KERNEL conv2d_input_gradient_32(const float* dz, const float* kernel, float* dx, Conv conv) {
    input_gradient<Tile32>(dz, kernel, dx, conv);
}
KERNEL conv2d_input_gradient_64(const float* dz, const float* kernel, float* dx, Conv conv) {
    input_gradient<Tile64>(dz, kernel, dx, conv);
}

// partials[s] = the kernel's gradient over the s-th of `splits` parts of the pixels. With one part `partials` is the
// gradient itself; otherwise it is a scratch of splits * taps * filters floats (taps = kernel_height * kernel_width *
// channels), and sum_partials(partials, gradient, taps * filters, splits) follows. A good number of parts is
// 264 / (blocks of one part), from 1 to ceil(pixels / 256): it fills a large GPU twice.
// Grid: (ceil(taps / 64), ceil(filters / C), splits) with C = 16, 32, 64.
KERNEL conv2d_kernel_gradient_16(const float* x, const float* dz, float* partials, Conv conv, unsigned splits) {
    kernel_gradient<Taps16>(x, dz, partials, conv, splits);
}
KERNEL conv2d_kernel_gradient_32(const float* x, const float* dz, float* partials, Conv conv, unsigned splits) {
    kernel_gradient<Taps32>(x, dz, partials, conv, splits);
}
KERNEL conv2d_kernel_gradient_64(const float* x, const float* dz, float* partials, Conv conv, unsigned splits) {
    kernel_gradient<Taps64>(x, dz, partials, conv, splits);
}
