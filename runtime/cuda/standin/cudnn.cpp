// The stand-in for cuDNN: see README.md.

#include "standin.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace {

enum Status { SUCCESS = 0, NOT_INITIALIZED = 1001, BAD_PARAM = 2000, NOT_SUPPORTED = 3000, EXECUTION_FAILED = 5000 };

constexpr int FLOAT = 0, NHWC = 1, CROSS_CORRELATION = 1;
constexpr int DEFAULT_MATH = 0, FMA_MATH = 3;
// Of the algorithms of each pass, those that are deterministic products.
constexpr int FORWARD_WITHOUT_WORKSPACE = 0, FORWARD = 1, BACKWARD = 1;

struct Handle {
    void* stream = nullptr;
};

// Not set as long as a size is 0.
struct Tensor {
    int n = 0, c = 0, h = 0, w = 0;
    std::size_t numbers() const { return static_cast<std::size_t>(n) * c * h * w; }
};

// (k, h, w, c).
struct Filter {
    int k = 0, c = 0, h = 0, w = 0;
    std::size_t numbers() const { return static_cast<std::size_t>(k) * c * h * w; }
};

struct Convolution {
    int pad_h = 0, pad_w = 0, stride_h = 0, stride_w = 0;
    int math = DEFAULT_MATH;
};

template <class T>
using All = std::map<void*, std::unique_ptr<T>>;

// Never destroyed: threads may still call while the process ends.
struct State {
    All<Handle> handles;
    All<Tensor> tensors;
    All<Filter> filters;
    All<Convolution> convolutions;
};

std::mutex lock;

State& state() {
    static auto& all = *new State;
    return all;
}

int refuse(int status, const std::string& words) {
    std::fprintf(stderr, "cudnn stand-in: %s: status %d\n", words.c_str(), status);
    return status;
}

template <class T>
T* find(All<T>& all, const char* function, void* key) {
    const auto found = all.find(key);
    if (found != all.end()) return found->second.get();
    refuse(BAD_PARAM, std::string(function) + ": there is no such handle or descriptor");
    return nullptr;
}

template <class T>
int make(All<T>& all, void** place) {
    auto made = std::make_unique<T>();
    *place = made.get();
    all[*place] = std::move(made);
    return SUCCESS;
}

template <class T>
int drop(All<T>& all, const char* function, void* key) {
    if (!find(all, function, key)) return BAD_PARAM;
    all.erase(key);
    return SUCCESS;
}

// The sizes of a pass, which fit each other.
struct Sizes {
    Tensor x, y;
    Filter w;
    Convolution convolution;

    // Calls `work` with the places of each product of y = x * w: x, w, y.
    template <class Work>
    void each(Work work) const {
        for (int n = 0; n < y.n; ++n) {
            for (int row = 0; row < y.h; ++row) {
                for (int column = 0; column < y.w; ++column) each_of_pixel(n, row, column, work);
            }
        }
    }

    template <class Work>
    void each_of_pixel(int n, int row, int column, Work work) const {
        const std::size_t out = ((static_cast<std::size_t>(n) * y.h + row) * y.w + column) * y.c;
        for (int a = 0; a < w.h; ++a) {
            for (int b = 0; b < w.w; ++b) {
                const int in_row = row * convolution.stride_h + a - convolution.pad_h;
                const int in_column = column * convolution.stride_w + b - convolution.pad_w;
                if (in_row < 0 || in_row >= x.h || in_column < 0 || in_column >= x.w) continue;
                const std::size_t in = ((static_cast<std::size_t>(n) * x.h + in_row) * x.w + in_column) * x.c;
                for (int k = 0; k < w.k; ++k) {
                    const std::size_t tap = ((static_cast<std::size_t>(k) * w.h + a) * w.w + b) * w.c;
                    for (int c = 0; c < w.c; ++c) work(in + c, tap + c, out + k);
                }
            }
        }
    }
};

enum Pass { FORWARD_PASS, DATA_PASS, FILTER_PASS };

// What a call is given, checked. `status` is the answer if it is refused.
struct Call {
    int status = SUCCESS;
    Handle* handle = nullptr;
    Sizes sizes;
    std::size_t workspace = 0;
};

Call check(const char* function, void* handle, void* x, void* w, void* convolution, void* y, Pass pass, int algorithm) {
    Call call;
    const auto bad = [&](const char* words) {
        call.status = refuse(BAD_PARAM, std::string(function) + ": " + words);
        return call;
    };
    call.status = BAD_PARAM;
    if (addax_standin_ready(function) != 0) return call;
    call.handle = find(state().handles, function, handle);
    const Tensor *of_x = find(state().tensors, function, x), *of_y = find(state().tensors, function, y);
    const Filter* of_w = find(state().filters, function, w);
    const Convolution* of = find(state().convolutions, function, convolution);
    if (!call.handle || !of_x || !of_y || !of_w || !of) return call;
    call.status = SUCCESS;
    const Sizes& sizes = call.sizes = {*of_x, *of_y, *of_w, *of};
    if (of->stride_h == 0 || of_x->numbers() == 0 || of_y->numbers() == 0 || of_w->numbers() == 0) {
        return bad("a descriptor is not set");
    }
    const auto out = [](int size, int pad, int window, int stride) { return (size + 2 * pad - window) / stride + 1; };
    const bool fits = of_x->n == of_y->n && of_x->c == of_w->c && of_y->c == of_w->k &&
                      of_y->h == out(of_x->h, of->pad_h, of_w->h, of->stride_h) &&
                      of_y->w == out(of_x->w, of->pad_w, of_w->w, of->stride_w);
    if (!fits) return bad("the sizes do not fit each other");
    const bool known = pass == FORWARD_PASS ? algorithm == FORWARD || algorithm == FORWARD_WITHOUT_WORKSPACE
                                            : algorithm == BACKWARD;
    if (!known) return bad("the algorithm is not deterministic, or no product");
    // What this cuDNN cannot do: something has to be that.
    if (of->stride_h > 2 || of->stride_w > 2) {
        call.status = NOT_SUPPORTED;
        return call;
    }
    const bool without = pass == FORWARD_PASS && algorithm == FORWARD_WITHOUT_WORKSPACE;
    call.workspace = without ? 0 : 256 + sizeof(float) * std::max(sizes.y.numbers(), sizes.w.numbers());
    return call;
}

int ask(const Call& call, std::size_t* bytes) {
    *bytes = call.workspace;
    return call.status;
}

// A range of device memory.
struct Range {
    const char* name;
    float* start;
    std::size_t bytes;

    uint64_t address() const { return reinterpret_cast<uint64_t>(start); }
    bool overlaps(const Range& other) const {
        return address() < other.address() + other.bytes && other.address() < address() + bytes;
    }
};

// A pass that is to be run.
struct Work {
    Pass pass;
    Sizes sizes;
    // x, w, y, and room.
    std::array<Range, 4> ranges;
};

// A number as it goes into a product: TF32 keeps 10 bits.
float rounded(float number, int math) {
    if (math == FMA_MATH || !std::isfinite(number)) return number;
    uint32_t bits;
    std::memcpy(&bits, &number, sizeof bits);
    bits = (bits + 0x1000) & ~0x1fffu;
    std::memcpy(&number, &bits, sizeof bits);
    return number;
}

bool run(void* data) {
    const Work& work = *static_cast<Work*>(data);
    for (const Range& range : work.ranges) {
        if (!addax_standin_allocated_in_work(range.name, range.address(), range.bytes)) return false;
    }
    const auto [x, w, y, room] = work.ranges;
    const Sizes& sizes = work.sizes;
    const int math = sizes.convolution.math;
    // What others have there does not survive.
    std::memset(room.start, 0xff, room.bytes);
    const Range& result = work.pass == FORWARD_PASS ? y : work.pass == DATA_PASS ? x : w;
    const std::size_t count = result.bytes / sizeof(float);
    const auto sums = std::make_unique<double[]>(count);
    const auto times = [math](float a, float b) { return static_cast<double>(rounded(a, math)) * rounded(b, math); };
    switch (work.pass) {
        case FORWARD_PASS:
            sizes.each([&](std::size_t i, std::size_t j, std::size_t k) { sums[k] += times(x.start[i], w.start[j]); });
            break;
        case DATA_PASS:
            sizes.each([&](std::size_t i, std::size_t j, std::size_t k) { sums[i] += times(w.start[j], y.start[k]); });
            break;
        case FILTER_PASS:
            sizes.each([&](std::size_t i, std::size_t j, std::size_t k) { sums[j] += times(x.start[i], y.start[k]); });
            break;
    }
    for (std::size_t i = 0; i < count; ++i) result.start[i] = static_cast<float>(sums[i]);
    return true;
}

void forget(void* data) { delete static_cast<Work*>(data); }

int start(const char* function, const Call& call, Pass pass, const float* alpha, const float* beta, void* x, void* w,
          void* y, void* space, std::size_t bytes) {
    if (call.status != SUCCESS) return call.status;
    const auto bad = [&](const char* words) { return refuse(BAD_PARAM, std::string(function) + ": " + words); };
    if (*alpha != 1 || *beta != 0) return bad("factors other than 1 and 0 are not known here");
    if (bytes < call.workspace) return bad("the workspace is too small");
    const Sizes& sizes = call.sizes;
    const auto range = [](const char* name, void* start, std::size_t numbers) {
        return Range{name, static_cast<float*>(start), sizeof(float) * numbers};
    };
    const std::array<Range, 4> ranges = {
        range("cuDNN's x", x, sizes.x.numbers()),
        range("cuDNN's kernel", w, sizes.w.numbers()),
        range("cuDNN's y", y, sizes.y.numbers()),
        Range{"cuDNN's workspace", static_cast<float*>(space), call.workspace},
    };
    for (const Range& one : ranges) {
        if (one.address() % 16 != 0) return bad("an address that is no multiple of 16");
        if (!addax_standin_allocated(one.name, one.address(), one.bytes)) return EXECUTION_FAILED;
        for (const Range& other : ranges) {
            if (&one != &other && one.overlaps(other)) return bad("two tensors lie over each other");
        }
    }
    bool capturing = false;
    if (!call.handle->stream || !addax_standin_stream(call.handle->stream, &capturing)) return bad("its stream");
    const int code = addax_standin_enqueue(call.handle->stream, {run, forget, new Work{pass, sizes, ranges}});
    return code == 0 ? SUCCESS : refuse(EXECUTION_FAILED, function);
}

__attribute__((destructor)) void report_at_the_end() {
    const std::lock_guard<std::mutex> guard(lock);
    const State& all = state();
    const std::size_t descriptors = all.tensors.size() + all.filters.size() + all.convolutions.size();
    if (all.handles.size() + descriptors > 0) {
        std::fprintf(stderr, "cudnn stand-in: not given back: %zu handles, %zu descriptors\n", all.handles.size(),
                     descriptors);
    }
}

}  // namespace

STANDIN_API const char* cudnnGetErrorString(int status) {
    switch (status) {
        case SUCCESS: return "CUDNN_STATUS_SUCCESS";
        case NOT_INITIALIZED: return "CUDNN_STATUS_NOT_INITIALIZED";
        case BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
        case NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
        default: return "CUDNN_STATUS_EXECUTION_FAILED";
    }
}

STANDIN_API int cudnnCreate(void** handle) {
    const std::lock_guard<std::mutex> guard(lock);
    if (addax_standin_ready("cudnnCreate") != 0) return NOT_INITIALIZED;
    return make(state().handles, handle);
}

STANDIN_API int cudnnDestroy(void* handle) {
    const std::lock_guard<std::mutex> guard(lock);
    if (addax_standin_ready("cudnnDestroy") != 0) return NOT_INITIALIZED;
    const Handle* found = find(state().handles, "cudnnDestroy", handle);
    bool capturing = false;
    if (found && !addax_standin_stream(found->stream, &capturing)) {
        return refuse(BAD_PARAM, "cudnnDestroy: its stream went first");
    }
    return drop(state().handles, "cudnnDestroy", handle);
}

STANDIN_API int cudnnSetStream(void* handle, void* stream) {
    const std::lock_guard<std::mutex> guard(lock);
    Handle* found = find(state().handles, "cudnnSetStream", handle);
    bool capturing = false;
    if (!found) return BAD_PARAM;
    if (!addax_standin_stream(stream, &capturing)) return refuse(BAD_PARAM, "cudnnSetStream: no such stream");
    found->stream = stream;
    return SUCCESS;
}

// ---- Descriptors ---------------------------------------------------------------------------------------------------

STANDIN_API int cudnnCreateTensorDescriptor(void** place) {
    const std::lock_guard<std::mutex> guard(lock);
    return make(state().tensors, place);
}

STANDIN_API int cudnnDestroyTensorDescriptor(void* descriptor) {
    const std::lock_guard<std::mutex> guard(lock);
    return drop(state().tensors, "cudnnDestroyTensorDescriptor", descriptor);
}

STANDIN_API int cudnnSetTensor4dDescriptor(void* descriptor, int format, int type, int n, int c, int h, int w) {
    const std::lock_guard<std::mutex> guard(lock);
    const char* function = "cudnnSetTensor4dDescriptor";
    Tensor* found = find(state().tensors, function, descriptor);
    if (!found) return BAD_PARAM;
    if (format != NHWC || type != FLOAT || std::min({n, c, h, w}) < 1) return refuse(BAD_PARAM, function);
    *found = {n, c, h, w};
    return SUCCESS;
}

STANDIN_API int cudnnCreateFilterDescriptor(void** place) {
    const std::lock_guard<std::mutex> guard(lock);
    return make(state().filters, place);
}

STANDIN_API int cudnnDestroyFilterDescriptor(void* descriptor) {
    const std::lock_guard<std::mutex> guard(lock);
    return drop(state().filters, "cudnnDestroyFilterDescriptor", descriptor);
}

STANDIN_API int cudnnSetFilter4dDescriptor(void* descriptor, int type, int format, int k, int c, int h, int w) {
    const std::lock_guard<std::mutex> guard(lock);
    const char* function = "cudnnSetFilter4dDescriptor";
    Filter* found = find(state().filters, function, descriptor);
    if (!found) return BAD_PARAM;
    if (format != NHWC || type != FLOAT || std::min({k, c, h, w}) < 1) return refuse(BAD_PARAM, function);
    *found = {k, c, h, w};
    return SUCCESS;
}

STANDIN_API int cudnnCreateConvolutionDescriptor(void** place) {
    const std::lock_guard<std::mutex> guard(lock);
    return make(state().convolutions, place);
}

STANDIN_API int cudnnDestroyConvolutionDescriptor(void* descriptor) {
    const std::lock_guard<std::mutex> guard(lock);
    return drop(state().convolutions, "cudnnDestroyConvolutionDescriptor", descriptor);
}

STANDIN_API int cudnnSetConvolution2dDescriptor(void* descriptor, int pad_h, int pad_w, int stride_h, int stride_w,
                                                int dilation_h, int dilation_w, int mode, int type) {
    const std::lock_guard<std::mutex> guard(lock);
    const char* function = "cudnnSetConvolution2dDescriptor";
    Convolution* found = find(state().convolutions, function, descriptor);
    if (!found) return BAD_PARAM;
    const bool good = std::min(pad_h, pad_w) >= 0 && std::min(stride_h, stride_w) >= 1 && dilation_h == 1 &&
                      dilation_w == 1 && mode == CROSS_CORRELATION && type == FLOAT;
    if (!good) return refuse(BAD_PARAM, function);
    *found = {pad_h, pad_w, stride_h, stride_w, DEFAULT_MATH};
    return SUCCESS;
}

STANDIN_API int cudnnSetConvolutionMathType(void* descriptor, int math) {
    const std::lock_guard<std::mutex> guard(lock);
    const char* function = "cudnnSetConvolutionMathType";
    Convolution* found = find(state().convolutions, function, descriptor);
    if (!found) return BAD_PARAM;
    if (math != DEFAULT_MATH && math != FMA_MATH) return refuse(BAD_PARAM, function);
    found->math = math;
    return SUCCESS;
}

// ---- Convolutions --------------------------------------------------------------------------------------------------

STANDIN_API int cudnnGetConvolutionForwardWorkspaceSize(void* handle, void* x, void* w, void* convolution, void* y,
                                                        int algorithm, std::size_t* bytes) {
    const std::lock_guard<std::mutex> guard(lock);
    const char* function = "cudnnGetConvolutionForwardWorkspaceSize";
    return ask(check(function, handle, x, w, convolution, y, FORWARD_PASS, algorithm), bytes);
}

STANDIN_API int cudnnConvolutionForward(void* handle, const float* alpha, void* x, void* x_data, void* w, void* w_data,
                                        void* convolution, int algorithm, void* space, std::size_t bytes,
                                        const float* beta, void* y, void* y_data) {
    const std::lock_guard<std::mutex> guard(lock);
    const char* function = "cudnnConvolutionForward";
    const Call call = check(function, handle, x, w, convolution, y, FORWARD_PASS, algorithm);
    return start(function, call, FORWARD_PASS, alpha, beta, x_data, w_data, y_data, space, bytes);
}

STANDIN_API int cudnnGetConvolutionBackwardDataWorkspaceSize(void* handle, void* w, void* dy, void* convolution,
                                                             void* dx, int algorithm, std::size_t* bytes) {
    const std::lock_guard<std::mutex> guard(lock);
    const char* function = "cudnnGetConvolutionBackwardDataWorkspaceSize";
    return ask(check(function, handle, dx, w, convolution, dy, DATA_PASS, algorithm), bytes);
}

STANDIN_API int cudnnConvolutionBackwardData(void* handle, const float* alpha, void* w, void* w_data, void* dy,
                                             void* dy_data, void* convolution, int algorithm, void* space,
                                             std::size_t bytes, const float* beta, void* dx, void* dx_data) {
    const std::lock_guard<std::mutex> guard(lock);
    const char* function = "cudnnConvolutionBackwardData";
    const Call call = check(function, handle, dx, w, convolution, dy, DATA_PASS, algorithm);
    return start(function, call, DATA_PASS, alpha, beta, dx_data, w_data, dy_data, space, bytes);
}

STANDIN_API int cudnnGetConvolutionBackwardFilterWorkspaceSize(void* handle, void* x, void* dy, void* convolution,
                                                               void* dw, int algorithm, std::size_t* bytes) {
    const std::lock_guard<std::mutex> guard(lock);
    const char* function = "cudnnGetConvolutionBackwardFilterWorkspaceSize";
    return ask(check(function, handle, x, dw, convolution, dy, FILTER_PASS, algorithm), bytes);
}

STANDIN_API int cudnnConvolutionBackwardFilter(void* handle, const float* alpha, void* x, void* x_data, void* dy,
                                               void* dy_data, void* convolution, int algorithm, void* space,
                                               std::size_t bytes, const float* beta, void* dw, void* dw_data) {
    const std::lock_guard<std::mutex> guard(lock);
    const char* function = "cudnnConvolutionBackwardFilter";
    const Call call = check(function, handle, x, dw, convolution, dy, FILTER_PASS, algorithm);
    return start(function, call, FILTER_PASS, alpha, beta, x_data, dw_data, dy_data, space, bytes);
}
