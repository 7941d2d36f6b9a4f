// The stand-in for cuBLAS: see README.md.

#include "standin.h"

#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace {

enum Status { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, EXECUTION_FAILED = 13 };

constexpr int NOT_TRANSPOSED = 0, TRANSPOSED = 1;
constexpr int DEFAULT_MATH = 0, TF32_MATH = 3;

struct Handle {
    void* stream = nullptr;
    uint64_t workspace = 0;
    std::size_t workspace_bytes = 0;
};

std::mutex lock;

// Never destroyed: threads may still call while the process ends.
std::map<void*, std::unique_ptr<Handle>>& handles() {
    static auto& all = *new std::map<void*, std::unique_ptr<Handle>>;
    return all;
}

int refuse(int status, const std::string& words) {
    std::fprintf(stderr, "cublas stand-in: %s: status %d\n", words.c_str(), status);
    return status;
}

// The handle, if it may be used now; else null, and the reason is told.
Handle* find(const char* function, void* handle) {
    if (addax_standin_ready(function) != 0) return nullptr;
    const auto found = handles().find(handle);
    if (found != handles().end()) return found->second.get();
    refuse(NOT_INITIALIZED, std::string(function) + ": there is no such handle");
    return nullptr;
}

// A matrix, by columns that are `stride` elements apart.
struct Matrix {
    const char* name;
    float* start;
    int rows, columns, stride;

    uint64_t address() const { return reinterpret_cast<uint64_t>(start); }
    std::size_t bytes() const {
        if (rows == 0 || columns == 0) return 0;
        return sizeof(float) * (static_cast<std::size_t>(stride) * static_cast<std::size_t>(columns - 1) +
                                static_cast<std::size_t>(rows));
    }
    float& at(int row, int column) const {
        return start[static_cast<std::ptrdiff_t>(column) * stride + row];
    }
    bool overlaps(const Matrix& other) const {
        return address() < other.address() + other.bytes() && other.address() < address() + bytes();
    }
};

// A product that is to be run.
struct Product {
    Matrix a, b, c;
    bool transpose_a, transpose_b;
    int k;
    float alpha, beta;
    uint64_t workspace;
    std::size_t workspace_bytes;
};

bool run(void* data) {
    const Product& product = *static_cast<Product*>(data);
    const Matrix &a = product.a, &b = product.b, &c = product.c;
    const auto alive = addax_standin_allocated_in_work;
    for (const Matrix* matrix : {&a, &b, &c}) {
        if (!alive(matrix->name, matrix->address(), matrix->bytes())) return false;
    }
    if (!alive("cuBLAS's workspace", product.workspace, product.workspace_bytes)) return false;
    for (int column = 0; column < c.columns; ++column) {
        for (int row = 0; row < c.rows; ++row) {
            double sum = 0;
            for (int i = 0; i < product.k; ++i) {
                const float left = product.transpose_a ? a.at(i, row) : a.at(row, i);
                const float right = product.transpose_b ? b.at(column, i) : b.at(i, column);
                sum += static_cast<double>(left) * right;
            }
            sum *= product.alpha;
            // Where beta is 0, what was there is not looked at.
            if (product.beta != 0) sum += static_cast<double>(product.beta) * c.at(row, column);
            c.at(row, column) = static_cast<float>(sum);
        }
    }
    return true;
}

void drop(void* data) { delete static_cast<Product*>(data); }

__attribute__((destructor)) void report_at_the_end() {
    const std::lock_guard<std::mutex> guard(lock);
    if (!handles().empty()) {
        std::fprintf(stderr, "cublas stand-in: not given back: %zu handles\n", handles().size());
    }
}

}  // namespace

STANDIN_API int cublasCreate_v2(void** handle) {
    const std::lock_guard<std::mutex> guard(lock);
    if (addax_standin_ready("cublasCreate") != 0) return NOT_INITIALIZED;
    auto made = std::make_unique<Handle>();
    *handle = made.get();
    handles()[*handle] = std::move(made);
    return SUCCESS;
}

STANDIN_API int cublasDestroy_v2(void* handle) {
    const std::lock_guard<std::mutex> guard(lock);
    if (!find("cublasDestroy", handle)) return NOT_INITIALIZED;
    handles().erase(handle);
    return SUCCESS;
}

// Takes the workspace away, as cuBLAS does.
STANDIN_API int cublasSetStream_v2(void* handle, void* stream) {
    const std::lock_guard<std::mutex> guard(lock);
    Handle* found = find("cublasSetStream", handle);
    if (!found) return NOT_INITIALIZED;
    bool capturing = false;
    if (!addax_standin_stream(stream, &capturing)) return refuse(INVALID_VALUE, "cublasSetStream: no such stream");
    *found = Handle();
    found->stream = stream;
    return SUCCESS;
}

STANDIN_API int cublasSetWorkspace_v2(void* handle, void* start, std::size_t bytes) {
    const std::lock_guard<std::mutex> guard(lock);
    Handle* found = find("cublasSetWorkspace", handle);
    if (!found) return NOT_INITIALIZED;
    const auto address = reinterpret_cast<uint64_t>(start);
    if (address % 256 != 0) return refuse(INVALID_VALUE, "cublasSetWorkspace: its address");
    if (!addax_standin_allocated("cublasSetWorkspace", address, bytes)) return INVALID_VALUE;
    found->workspace = address;
    found->workspace_bytes = bytes;
    return SUCCESS;
}

STANDIN_API int cublasSetMathMode(void* handle, int mode) {
    const std::lock_guard<std::mutex> guard(lock);
    if (!find("cublasSetMathMode", handle)) return NOT_INITIALIZED;
    return mode == DEFAULT_MATH || mode == TF32_MATH ? SUCCESS : refuse(INVALID_VALUE, "cublasSetMathMode: the mode");
}

STANDIN_API int cublasSgemm_v2(void* handle, int operation_a, int operation_b, int m, int n, int k, const float* alpha,
                               float* a, int lda, float* b, int ldb, const float* beta, float* c, int ldc) {
    const std::lock_guard<std::mutex> guard(lock);
    Handle* found = find("cublasSgemm", handle);
    if (!found) return NOT_INITIALIZED;
    for (const int operation : {operation_a, operation_b}) {
        if (operation != NOT_TRANSPOSED && operation != TRANSPOSED) {
            return refuse(INVALID_VALUE, "cublasSgemm: an operation");
        }
    }
    if (m < 0 || n < 0 || k < 0) return refuse(INVALID_VALUE, "cublasSgemm: a negative size");
    const bool transpose_a = operation_a == TRANSPOSED, transpose_b = operation_b == TRANSPOSED;
    Product product{
        {"cublasSgemm, the first matrix", a, transpose_a ? k : m, transpose_a ? m : k, lda},
        {"cublasSgemm, the second matrix", b, transpose_b ? n : k, transpose_b ? k : n, ldb},
        {"cublasSgemm, the result", c, m, n, ldc},
        transpose_a,
        transpose_b,
        k,
        *alpha,
        *beta,
        found->workspace,
        found->workspace_bytes,
    };
    for (const Matrix* matrix : {&product.a, &product.b, &product.c}) {
        const std::string name = matrix->name;
        if (matrix->stride < matrix->rows || matrix->stride < 1) return refuse(INVALID_VALUE, name + ": its stride");
        if (matrix->address() % sizeof(float) != 0) return refuse(INVALID_VALUE, name + ": its address");
        if (!addax_standin_allocated(matrix->name, matrix->address(), matrix->bytes())) return EXECUTION_FAILED;
    }
    if (product.c.overlaps(product.a) || product.c.overlaps(product.b)) {
        return refuse(INVALID_VALUE, "cublasSgemm: the result lies over an operand");
    }
    bool capturing = false;
    if (!addax_standin_stream(found->stream, &capturing)) return refuse(EXECUTION_FAILED, "cublasSgemm: its stream");
    if (capturing && found->workspace_bytes == 0) {
        return refuse(EXECUTION_FAILED, "cublasSgemm: it is captured without a workspace");
    }
    const int code = addax_standin_enqueue(found->stream, {run, drop, new Product(product)});
    return code == 0 ? SUCCESS : refuse(EXECUTION_FAILED, "cublasSgemm");
}
