// Batch normalization of a (pixels, channels) matrix: an image batch is one, with a row for each pixel of each sample.
//
//   mean, variance   over the pixels; the variance divides by their number
//   y        = (x - mean) * inverse_deviation * gamma + beta,  inverse_deviation = 1 / sqrt(variance + epsilon)
//   d_beta   = sum dy,  d_gamma = sum dy * x_hat,  x_hat = (x - mean) * inverse_deviation
//   dx       = gamma * inverse_deviation * (dy - d_beta / pixels - x_hat * d_gamma / pixels)
//
// Sums over the pixels take two kernels: the first sums `splits` parts of the pixels into a scratch of
// 2 * splits * channels doubles, the second adds the parts. A good number of parts is pixels * channels / 8192, from 1
// to 256. They are in double precision, and those for the variance around the first pixel: the textbook
// E[x^2] - E[x]^2 in single precision loses everything when the mean is large. The kernels wait for memory all the same.

#include "reductions.cuh"

namespace {

// partials[s][0] and [s][1]: the two sums of the s-th part.
__device__ __forceinline__ void write_two(const ColumnWalk& walk, double* partials, unsigned channels, double a, double b) {
    a = walk.sum(a);
    b = walk.sum(b);
    if (walk.writes()) {
        partials[2 * blockIdx.y * channels + walk.column] = a;
        partials[(2 * blockIdx.y + 1) * channels + walk.column] = b;
    }
}

// Both sums of a channel over all parts. A block has 32 channels, whose parts are shared by 8 warps; only the first
// warp gets the sums. All threads of the block must come here.
__device__ __forceinline__ void add_two(const double* partials, unsigned channels, unsigned splits, double& a, double& b) {
    __shared__ double sums[2][WARPS][WARP];
    const unsigned channel = blockIdx.x * WARP + lane(), group = threadIdx.x / WARP;
    a = b = 0.0;
    if (channel < channels) {
#pragma unroll 4
        for (unsigned s = group; s < splits; s += WARPS) {
            a += partials[2 * s * channels + channel];
            b += partials[(2 * s + 1) * channels + channel];
        }
    }
    sums[0][group][lane()] = a;
    sums[1][group][lane()] = b;
    __syncthreads();
    if (group == 0) {
        for (unsigned g = 1; g < WARPS; ++g) {
            a += sums[0][g][lane()];
            b += sums[1][g][lane()];
        }
    }
}

// The channel that this thread finishes after `add_two`; false if it has none.
__device__ __forceinline__ bool finishes(unsigned channels, unsigned& channel) {
    channel = blockIdx.x * WARP + lane();
    return threadIdx.x < WARP && channel < channels;
}

__device__ __forceinline__ Four normalized(const Four& x, unsigned i, const float* mean, const float* inverse_deviation,
                                           const float* gamma, const float* beta, unsigned channels) {
    Four y;
    unsigned c = i % channels;
    for (unsigned j = 0; j < 4; ++j) {
        const float scale = gamma ? inverse_deviation[c] * gamma[c] : inverse_deviation[c];
        y.at[j] = fmaf(x.at[j] - mean[c], scale, beta ? beta[c] : 0.0f);
        c = c + 1 == channels ? 0 : c + 1;
    }
    return y;
}

}  // namespace

// First stage of `batch_moments`: sums of x - x0 and (x - x0)^2, x0 being the channel's first number.
// Grid: (ceil(channels / 256), splits).
KERNEL batch_moment_sums(const float* x, double* partials, unsigned pixels, unsigned channels, unsigned splits) {
    const ColumnWalk walk(pixels, channels, splits);
    const float origin = x[walk.column];
    double sum = 0.0, squares = 0.0;
#pragma unroll 4
    for (unsigned p = walk.first; p < walk.end; p += walk.groups) {
        const double distance = static_cast<double>(x[p * channels + walk.column]) - origin;
        sum += distance;
        squares += distance * distance;
    }
    write_two(walk, partials, channels, sum, squares);
}

// Mean, inverse deviation and variance of each channel, and, unless moving_mean is null, the step of the moving
// averages after the batch: moving = moving * momentum + batch * (1 - momentum). `x` is read for its first pixel.
// Grid: (ceil(channels / 32)).
KERNEL batch_moments(const float* x, const double* partials, float* mean, float* inverse_deviation, float* variance,
                     float* moving_mean, float* moving_variance, unsigned pixels, unsigned channels, unsigned splits,
                     float epsilon, float momentum) {
    double sum, squares;
    add_two(partials, channels, splits, sum, squares);
    unsigned c;
    if (!finishes(channels, c)) return;
    const double shift = sum / pixels;
    const double spread = squares / pixels - shift * shift;
    // Rounding may leave less than nothing. Written so that NaN stays.
    const double of_batch = spread < 0.0 ? 0.0 : spread;
    const float batch_mean = static_cast<float>(x[c] + shift), batch_variance = static_cast<float>(of_batch);
    mean[c] = batch_mean;
    inverse_deviation[c] = static_cast<float>(1.0 / sqrt(of_batch + static_cast<double>(epsilon)));
    variance[c] = batch_variance;
    if (moving_mean) {
        moving_mean[c] = moving_mean[c] * momentum + batch_mean * (1.0f - momentum);
        moving_variance[c] = moving_variance[c] * momentum + batch_variance * (1.0f - momentum);
    }
}

// inverse = 1 / sqrt(variance + epsilon): for the moving variance, where a gradient has to flow through `predict`.
// Grid: (ceil(channels / 256)).
KERNEL inverse_deviations(const float* variance, float* inverse, float epsilon, unsigned channels) {
    const unsigned c = thread_of_grid();
    if (c < channels) inverse[c] = 1.0f / sqrtf(variance[c] + epsilon);
}

// y from x with given statistics. `gamma` and `beta` may be null, `y` may be `x`. n = pixels * channels.
// Grid: (ceil(n / 1024)). Four numbers a thread.
KERNEL batch_normalize(const float* x, float* y, const float* mean, const float* inverse_deviation, const float* gamma,
                       const float* beta, unsigned n, unsigned channels) {
    const unsigned i = 4 * thread_of_grid();
    if (i >= n) return;
    store(y, i, n, normalized(load(x, i, n), i, mean, inverse_deviation, gamma, beta, channels));
}

// The same with moving averages, outside of training.
// Grid: (ceil(n / 1024)). Four numbers a thread.
KERNEL batch_normalize_moving(const float* x, float* y, const float* moving_mean, const float* moving_variance,
                              const float* gamma, const float* beta, float epsilon, unsigned n, unsigned channels) {
    const unsigned i = 4 * thread_of_grid();
    if (i >= n) return;
    Four four = load(x, i, n);
    unsigned c = i % channels;
    for (float& v : four.at) {
        float scale = 1.0f / sqrtf(moving_variance[c] + epsilon);
        if (gamma) scale *= gamma[c];
        v = fmaf(v - moving_mean[c], scale, beta ? beta[c] : 0.0f);
        c = c + 1 == channels ? 0 : c + 1;
    }
    store(y, i, n, four);
}

// First stage of `batch_normalize_sums`.
// Grid: (ceil(channels / 256), splits).
KERNEL batch_normalize_part_sums(const float* x, const float* dy, const float* mean, const float* inverse_deviation,
                                 double* partials, unsigned pixels, unsigned channels, unsigned splits) {
    const ColumnWalk walk(pixels, channels, splits);
    const float center = mean[walk.column], inverse = inverse_deviation[walk.column];
    double sum_dy = 0.0, sum_dy_x_hat = 0.0;
#pragma unroll 4
    for (unsigned p = walk.first; p < walk.end; p += walk.groups) {
        const unsigned i = p * channels + walk.column;
        const double d = dy[i];
        sum_dy += d;
        sum_dy_x_hat += d * ((x[i] - center) * inverse);
    }
    write_two(walk, partials, channels, sum_dy, sum_dy_x_hat);
}

// sum_dy and sum_dy_x_hat, overwritten: the gradients of beta and gamma.
// Grid: (ceil(channels / 32)).
KERNEL batch_normalize_sums(const double* partials, float* sum_dy, float* sum_dy_x_hat, unsigned channels,
                            unsigned splits) {
    double of_dy, of_dy_x_hat;
    add_two(partials, channels, splits, of_dy, of_dy_x_hat);
    unsigned c;
    if (!finishes(channels, c)) return;
    sum_dy[c] = static_cast<float>(of_dy);
    sum_dy_x_hat[c] = static_cast<float>(of_dy_x_hat);
}

// dx, overwritten. `gamma` may be null, `dx` may be `dy`. With both sums null the statistics count as fixed, as they are
// outside of training.
// Grid: (ceil(pixels * channels / 1024)). Four numbers a thread.
KERNEL batch_normalize_backward(const float* x, const float* dy, const float* mean, const float* inverse_deviation,
                                const float* gamma, const float* sum_dy, const float* sum_dy_x_hat, float* dx,
                                unsigned pixels, unsigned channels) {
    const unsigned n = pixels * channels;
    const unsigned i = 4 * thread_of_grid();
    if (i >= n) return;
    const Four input = load(x, i, n);
    Four four = load(dy, i, n);
    const float count = static_cast<float>(pixels);
    unsigned c = i % channels;
    for (unsigned j = 0; j < 4; ++j) {
        const float inverse = inverse_deviation[c];
        float d = four.at[j];
        if (sum_dy) {
            const float x_hat = (input.at[j] - mean[c]) * inverse;
            d = d - sum_dy[c] / count - x_hat * (sum_dy_x_hat[c] / count);
        }
        four.at[j] = d * (gamma ? inverse * gamma[c] : inverse);
        c = c + 1 == channels ? 0 : c + 1;
    }
    store(dx, i, n, four);
}
