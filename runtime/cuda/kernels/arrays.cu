// Plain work on arrays: putting a batch together, putting arrays side by side, adding gradients, and turning a matrix
// over.

#include "common.cuh"

// Row r of dst = row order[r] of src. The numbers are any of four bytes: floats, or class ids in rows of one.
// Grid: (ceil(rows * row_len / 1024)). Four numbers a thread.
KERNEL gather_rows(const unsigned* src, const unsigned* order, unsigned* dst, unsigned rows, unsigned row_len) {
    const unsigned n = rows * row_len;
    const unsigned i = 4 * thread_of_grid();
    if (i >= n) return;
    unsigned row = i / row_len, column = i - row * row_len;
    const unsigned* from = src + order[row] * row_len + column;
    // All four lie in one row, and both sides begin where one load reaches.
    if (i + 4 <= n && column + 4 <= row_len && in_one_load(from) && in_one_load(dst + i)) {
        *reinterpret_cast<uint4*>(dst + i) = *reinterpret_cast<const uint4*>(from);
        return;
    }
    for (unsigned j = 0; j < 4 && i + j < n; ++j) {
        dst[i + j] = src[order[row] * row_len + column];
        if (++column == row_len) {
            column = 0;
            ++row;
        }
    }
}

// The first `width` numbers of each row, from rows of `x_len` numbers to rows of `y_len`.
// Grid: (ceil(rows * width / 1024)). Four numbers a thread.
KERNEL copy_columns(const float* x, unsigned x_len, float* y, unsigned y_len, unsigned rows, unsigned width) {
    const unsigned n = rows * width;
    const unsigned i = 4 * thread_of_grid();
    if (i >= n) return;
    unsigned row = i / width, column = i - row * width;
    const float* from = x + row * x_len + column;
    float* to = y + row * y_len + column;
    // All four lie in one row.
    if (column + 4 <= width) {
        store(to, 0, 4, load(from, 0, 4));
        return;
    }
    for (unsigned j = 0; j < 4 && i + j < n; ++j) {
        y[row * y_len + column] = x[row * x_len + column];
        if (++column == width) {
            column = 0;
            ++row;
        }
    }
}

// y += x: where a value feeds several layers, the gradients from each come together.
// Grid: (ceil(n / 1024)). Four numbers a thread.
KERNEL add(const float* x, float* y, unsigned n) {
    const unsigned i = 4 * thread_of_grid();
    if (i >= n) return;
    const Four more = load(x, i, n);
    Four sum = load(y, i, n);
    for (unsigned j = 0; j < 4; ++j) sum.at[j] += more.at[j];
    store(y, i, n, sum);
}

// y = x^T, for a (rows, columns) matrix x: 32 x 32 numbers a block, read and written along rows.
// Grid: (ceil(columns / 32), ceil(rows / 32)).
KERNEL transpose(const float* x, float* y, unsigned rows, unsigned columns) {
    constexpr unsigned SIDE = 32, DOWN = BLOCK / SIDE;
    // A column more, so that the numbers of a column lie in different banks.
    __shared__ float tile[SIDE][SIDE + 1];
    const unsigned across = threadIdx.x % SIDE, down = threadIdx.x / SIDE;
    const unsigned first_row = blockIdx.y * SIDE, first_column = blockIdx.x * SIDE;
    for (unsigned i = down; i < SIDE; i += DOWN) {
        const unsigned row = first_row + i, column = first_column + across;
        if (row < rows && column < columns) tile[i][across] = x[row * columns + column];
    }
    __syncthreads();
    for (unsigned i = down; i < SIDE; i += DOWN) {
        const unsigned row = first_row + across, column = first_column + i;
        if (row < rows && column < columns) y[column * rows + row] = tile[across][i];
    }
}
