// Dropout whose mask is drawn anew wherever it is needed, and stored nowhere.
//
// Element i of the batch is dropped where its word is below rate * 2^32; what stays is divided by 1 - rate. The word is
// number i % 4 of the Philox block with the counter (i / 4 as 64 bits, layer, step) and the key (seed). The forward pass
// applies the mask to the input and the backward pass, in the same step, to the gradient.

#include "philox.cuh"

// y = x under the mask. `y` may be `x`. `first` is the place of x[0] in the batch. A rate of 1 gives zeros.
// Grid: (ceil((n + 3) / 1024)). A thread has the four elements of one Philox block; the first and the last thread may
// have fewer.
KERNEL dropout(const float* x, float* y, unsigned n, float rate, unsigned layer, unsigned long long first,
               const StepState* state) {
    // Elements before `first` that share its Philox block.
    const unsigned skip = static_cast<unsigned>(first % 4);
    const unsigned from = 4 * thread_of_grid();
    if (from >= n + skip) return;
    const unsigned long long block = first / 4 + thread_of_grid();
    const Words counter = {{static_cast<unsigned>(block), static_cast<unsigned>(block >> 32), layer, state->steps - 1}};
    const Words words = philox(counter, state->seed_low, state->seed_high);
    // Exact: a multiplication by a power of two, cut to a whole number below 2^32.
    const unsigned threshold = rate < 1.0f ? static_cast<unsigned>(rate * 4294967296.0f) : 0;
    const float factor = 1.0f / (1.0f - rate);
    // Not a product with zero, which would keep NaN and infinity.
    const auto under_mask = [&](float v, unsigned word) { return rate < 1.0f && word >= threshold ? v * factor : 0.0f; };
    if (skip == 0) {
        Four four = load(x, from, n);
        for (unsigned j = 0; j < 4; ++j) four.at[j] = under_mask(four.at[j], words.at[j]);
        store(y, from, n, four);
    } else {
        for (unsigned j = 0; j < 4; ++j) {
            // Of the block's elements the thread has those that lie in x.
            if (from + j >= skip && from + j < n + skip) {
                const unsigned i = from + j - skip;
                y[i] = under_mask(x[i], words.at[j]);
            }
        }
    }
}
