// The stand-in for CUDA's driver: see README.md.
//
// Work on a stream is kept in a queue and done as late as the rules of CUDA allow, so that a wait that is missing shows
// as wrong numbers. Everything happens under one lock.

#include "standin.h"

#include "../emulator/emulator.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

enum Code {
    SUCCESS = 0,
    INVALID_VALUE = 1,
    OUT_OF_MEMORY = 2,
    NOT_INITIALIZED = 3,
    INVALID_DEVICE = 101,
    INVALID_CONTEXT = 201,
    INVALID_HANDLE = 400,
    ILLEGAL_STATE = 401,
    NOT_FOUND = 500,
    NOT_READY = 600,
    ILLEGAL_ADDRESS = 700,
    LAUNCH_FAILED = 719,
    NOT_SUPPORTED = 801,
    CAPTURE_UNSUPPORTED = 900,
    CAPTURE_INVALIDATED = 901,
    CAPTURE_ISOLATION = 905,
    CAPTURE_WRONG_THREAD = 908,
};

struct Name {
    int code;
    const char* name;
};

constexpr Name NAMES[] = {
    {SUCCESS, "CUDA_SUCCESS"},
    {INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE"},
    {OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY"},
    {NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED"},
    {INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE"},
    {INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT"},
    {INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE"},
    {ILLEGAL_STATE, "CUDA_ERROR_ILLEGAL_STATE"},
    {NOT_FOUND, "CUDA_ERROR_NOT_FOUND"},
    {NOT_READY, "CUDA_ERROR_NOT_READY"},
    {ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS"},
    {LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED"},
    {NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED"},
    {CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"},
    {CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"},
    {CAPTURE_ISOLATION, "CUDA_ERROR_STREAM_CAPTURE_ISOLATION"},
    {CAPTURE_WRONG_THREAD, "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD"},
};

using Address = uint64_t;

// Written behind each allocation, and looked at when it is freed.
constexpr std::size_t FENCE = 256;
constexpr unsigned char FENCE_BYTE = 0xa5;
// Fresh memory holds NaNs.
constexpr unsigned char FRESH_BYTE = 0xff;

struct Allocation {
    std::size_t bytes;
    // Freed in the order of a stream, which has not got there yet: new work may not use it.
    bool leaving = false;
};

struct Stream;

struct Event {
    bool timed;
    // Records are numbered from 1; where the last one was put.
    unsigned long long recorded = 0, reached = 0;
    std::weak_ptr<Stream> stream;
    // The stream's clock when it was reached last.
    unsigned long long time = 0;
};

// One thing to do; false if it failed, which it has said.
using Work = std::function<bool()>;

// The same, and how many microseconds it is to have taken.
struct TimedWork {
    Work run;
    unsigned long long time;
};

struct Item {
    TimedWork work;
    // If it is a record of an event, or a wait for one: which, and its number.
    std::shared_ptr<Event> record, wait;
    unsigned long long number = 0;
    std::shared_ptr<Stream> wait_on;
};

struct Graph {
    std::vector<TimedWork> works;
};

enum CaptureMode { GLOBAL = 0, THREAD_LOCAL = 1, RELAXED = 2 };

struct Stream {
    // Work is done as soon as it can be.
    bool eager = false;
    std::deque<Item> queue;
    std::shared_ptr<Graph> capture;
    bool invalidated = false;
    CaptureMode mode = GLOBAL;
    std::thread::id thread;
    // Microseconds that its work is to have taken.
    unsigned long long clock = 0;
};

struct Module {
    std::string image;
};

struct Function {
    std::weak_ptr<Module> module;
    std::string kernel;
};

template <class T>
using Handles = std::map<void*, std::shared_ptr<T>>;

// All that the driver knows.
struct State {
    bool initialized = false;
    unsigned retained = 0;
    void* context = nullptr;
    // What has failed in the background; every later call answers it.
    int failure = SUCCESS;
    std::map<Address, Allocation> device, pinned;
    std::size_t used = 0;
    Handles<Stream> streams;
    // With work that is not done; their handles are gone.
    std::vector<std::shared_ptr<Stream>> destroyed;
    Handles<Event> events;
    Handles<Module> modules;
    Handles<Function> functions;
    Handles<Graph> graphs, executables;
    std::shared_ptr<Stream> default_stream = std::make_shared<Stream>();
    unsigned streams_made = 0;
    unsigned random = 0;
};

std::mutex lock;
thread_local void* current = nullptr;

// Never destroyed: threads may still call while the process ends.
State& state() {
    static State& all = *new State;
    return all;
}

void say(const std::string& words) { std::fprintf(stderr, "cuda stand-in: %s\n", words.c_str()); }

const char* name_of(int code) {
    for (const Name& name : NAMES) {
        if (name.code == code) return name.name;
    }
    return nullptr;
}

int refuse(int code, const std::string& words) {
    say(words + ": " + name_of(code));
    return code;
}

// Handles that no address and no other handle equals.
void* new_handle() {
    static std::size_t last = 0x5ad0000;
    return reinterpret_cast<void*>(last += 16);
}

unsigned long long setting(const char* variable, unsigned long long otherwise) {
    const char* text = std::getenv(variable);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

std::size_t total_memory() { return setting("ADDAX_STANDIN_MEMORY", 8ull << 30); }

std::string range_words(Address start, std::size_t bytes) {
    char words[64];
    std::snprintf(words, sizeof words, "%zu bytes at %#llx", bytes, static_cast<unsigned long long>(start));
    return words;
}

// The allocation that holds the whole range; null if none does.
Allocation* holder(std::map<Address, Allocation>& all, Address start, std::size_t bytes) {
    auto next = all.upper_bound(start);
    if (next == all.begin()) return nullptr;
    const auto found = std::prev(next);
    const Address end = found->first + found->second.bytes;
    return start <= end && bytes <= end - start ? &found->second : nullptr;
}

// Whether new work may use a range.
bool usable(const std::string& what, Address start, std::size_t bytes) {
    if (bytes == 0) return true;
    const Allocation* found = holder(state().device, start, bytes);
    if (found && !found->leaving) return true;
    say(what + ": " + range_words(start, bytes) + (found ? " are being freed" : " are not allocated"));
    return false;
}

// Whether work that runs may use a range.
bool alive(const std::string& what, Address start, std::size_t bytes) {
    if (bytes == 0 || holder(state().device, start, bytes)) return true;
    say("while it ran, " + what + ": " + range_words(start, bytes) + " are no longer allocated");
    return false;
}

void* host(Address address) { return reinterpret_cast<void*>(address); }

// ---- Streams -------------------------------------------------------------------------------------------------------

void reach(const std::shared_ptr<Stream>& stream, const Event& event, unsigned long long number);

// Does the next thing of a stream; what it waits for is done first.
void step(const std::shared_ptr<Stream>& stream) {
    const Item item = std::move(stream->queue.front());
    stream->queue.pop_front();
    if (item.wait) {
        reach(item.wait_on, *item.wait, item.number);
    } else if (item.record) {
        item.record->reached = std::max(item.record->reached, item.number);
        item.record->time = stream->clock;
    } else if (state().failure == SUCCESS) {
        if (!item.work.run()) state().failure = ILLEGAL_ADDRESS;
        stream->clock += item.work.time;
    }
}

void reach(const std::shared_ptr<Stream>& stream, const Event& event, unsigned long long number) {
    while (event.reached < number && !stream->queue.empty()) step(stream);
}

void finish(const std::shared_ptr<Stream>& stream) {
    while (!stream->queue.empty()) step(stream);
}

void finish_all() {
    State& all = state();
    finish(all.default_stream);
    for (auto& [handle, stream] : all.streams) finish(stream);
    for (auto& stream : all.destroyed) finish(stream);
    all.destroyed.clear();
}

bool stuck(const Stream& stream) {
    const Item& next = stream.queue.front();
    return next.wait && next.wait->reached < next.number;
}

// Does what the order asks to be done early: see README.md.
void run_ahead() {
    State& all = state();
    const auto order = setting("ADDAX_STANDIN_ORDER", 0);
    if (order == 0) return;
    if (all.random == 0) all.random = static_cast<unsigned>(order);
    bool any = true;
    while (any) {
        any = false;
        for (auto& [handle, stream] : all.streams) {
            while (!stream->queue.empty() && !stuck(*stream)) {
                if (order <= 2) {
                    if (!stream->eager) break;
                } else {
                    all.random ^= all.random << 13;
                    all.random ^= all.random >> 17;
                    all.random ^= all.random << 5;
                    if (all.random % 4 != 0) break;
                }
                step(stream);
                any = true;
            }
        }
    }
}

std::shared_ptr<Stream> find_stream(void* handle) {
    State& all = state();
    if (!handle) return all.default_stream;
    const auto found = all.streams.find(handle);
    return found == all.streams.end() ? nullptr : found->second;
}

template <class T>
std::shared_ptr<T> find(const Handles<T>& handles, void* handle) {
    const auto found = handles.find(handle);
    return found == handles.end() ? nullptr : found->second;
}

int put(const std::shared_ptr<Stream>& stream, Work work, unsigned long long time = 0) {
    if (stream->capture) {
        if (stream->invalidated) return CAPTURE_INVALIDATED;
        stream->capture->works.push_back({std::move(work), time});
        return SUCCESS;
    }
    Item item;
    item.work = {std::move(work), time};
    stream->queue.push_back(std::move(item));
    run_ahead();
    return SUCCESS;
}

// ---- What every call starts with -----------------------------------------------------------------------------------

int ready(const char* function) {
    State& all = state();
    if (!all.initialized) return refuse(NOT_INITIALIZED, function);
    if (!current || current != all.context) {
        return refuse(INVALID_CONTEXT, std::string(function) + ": no context is current on this thread");
    }
    return all.failure;
}

// For calls that no thread may make while it captures: they spoil the capture.
int ready_outside_captures(const char* function) {
    if (const int code = ready(function)) return code;
    bool captures = false;
    for (auto& [handle, stream] : state().streams) {
        const bool forbids = stream->mode == GLOBAL ||
                             (stream->mode == THREAD_LOCAL && stream->thread == std::this_thread::get_id());
        if (stream->capture && forbids) captures = stream->invalidated = true;
    }
    return captures ? refuse(CAPTURE_UNSUPPORTED, std::string(function) + " during a capture") : SUCCESS;
}

int no_stream(const char* function) {
    return refuse(INVALID_HANDLE, std::string(function) + ": there is no such stream");
}

int no_handle(const char* function, const char* what) {
    return refuse(INVALID_HANDLE, std::string(function) + ": there is no such " + what);
}

// A call that would wait for a stream.
int not_while_captured(const char* function, Stream& stream) {
    if (!stream.capture) return SUCCESS;
    stream.invalidated = true;
    return refuse(CAPTURE_UNSUPPORTED, std::string(function) + " on a stream that is captured");
}

// ---- Memory --------------------------------------------------------------------------------------------------------

// Room with a fence behind it; 0 if the host has none.
Address take(std::map<Address, Allocation>& all, std::size_t bytes) {
    void* start = nullptr;
    if (posix_memalign(&start, FENCE, bytes + FENCE) != 0) return 0;
    std::memset(start, FRESH_BYTE, bytes);
    std::memset(static_cast<char*>(start) + bytes, FENCE_BYTE, FENCE);
    const Address address = reinterpret_cast<Address>(start);
    all[address] = {bytes};
    return address;
}

// False if something was written behind the end.
bool give(std::map<Address, Allocation>& all, Address address) {
    const std::size_t bytes = all.at(address).bytes;
    const unsigned char* fence = static_cast<unsigned char*>(host(address)) + bytes;
    const bool whole = std::all_of(fence, fence + FENCE, [](unsigned char byte) { return byte == FENCE_BYTE; });
    if (!whole) say(range_words(address, bytes) + ": something was written behind their end");
    std::memset(host(address), FRESH_BYTE, bytes);
    std::free(host(address));
    all.erase(address);
    return whole;
}

int take_device(const char* function, Address* place, std::size_t bytes) {
    State& all = state();
    const std::size_t total = total_memory();
    if (bytes > total || all.used > total - bytes) return OUT_OF_MEMORY;
    *place = take(all.device, bytes);
    if (!*place) return refuse(OUT_OF_MEMORY, function);
    all.used += bytes;
    return SUCCESS;
}

bool give_device(Address address) {
    state().used -= state().device.at(address).bytes;
    return give(state().device, address);
}

Work copying(const char* function, void* to, const void* from, std::size_t bytes, bool to_device, bool from_device) {
    return [=] {
        const auto held = [&](const void* place, bool device) {
            const Address address = reinterpret_cast<Address>(place);
            if (device) return alive(function, address, bytes);
            if (holder(state().pinned, address, bytes)) return true;
            say(std::string("while it ran, ") + function + ": the pinned memory is gone");
            return false;
        };
        if (!held(to, to_device) || !held(from, from_device)) return false;
        std::memmove(to, from, bytes);
        return true;
    };
}

// A copy between host and device that the host waits for.
int copy_now(const char* function, const std::shared_ptr<Stream>& stream, void* to, const void* from,
             std::size_t bytes) {
    if (const int code = not_while_captured(function, *stream)) return code;
    finish(stream);
    if (state().failure == SUCCESS) std::memcpy(to, from, bytes);
    return state().failure;
}

}  // namespace

// ---- What the other stand-ins call ---------------------------------------------------------------------------------

STANDIN_API int addax_standin_ready(const char* function) {
    const std::lock_guard<std::mutex> guard(lock);
    return ready(function);
}

STANDIN_API bool addax_standin_stream(void* handle, bool* capturing) {
    const std::lock_guard<std::mutex> guard(lock);
    const auto stream = find_stream(handle);
    *capturing = stream && stream->capture;
    return stream != nullptr;
}

STANDIN_API bool addax_standin_allocated(const char* what, uint64_t address, size_t bytes) {
    const std::lock_guard<std::mutex> guard(lock);
    return usable(what, address, bytes);
}

STANDIN_API bool addax_standin_allocated_in_work(const char* what, uint64_t address, size_t bytes) {
    return alive(what, address, bytes);
}

STANDIN_API int addax_standin_enqueue(void* handle, AddaxStandinWork work) {
    const std::lock_guard<std::mutex> guard(lock);
    const std::shared_ptr<void> data(work.data, work.drop);
    const auto stream = find_stream(handle);
    if (!stream) return no_stream("work of another library");
    return put(stream, [run = work.run, data] { return run(data.get()); });
}

// ---- The device and its context ------------------------------------------------------------------------------------

STANDIN_API int cuGetErrorName(unsigned code, const char** text) {
    *text = name_of(static_cast<int>(code));
    return *text ? SUCCESS : INVALID_VALUE;
}

STANDIN_API int cuGetErrorString(unsigned code, const char** text) {
    *text = "an error of the stand-in for CUDA's driver, which says more on stderr";
    return name_of(static_cast<int>(code)) ? SUCCESS : INVALID_VALUE;
}

STANDIN_API int cuInit(unsigned flags) {
    const std::lock_guard<std::mutex> guard(lock);
    if (flags != 0) return INVALID_VALUE;
    state().initialized = true;
    return SUCCESS;
}

STANDIN_API int cuDriverGetVersion(int* version) {
    *version = 13000;
    return SUCCESS;
}

namespace {

int device(const char* function, int number) {
    if (!state().initialized) return refuse(NOT_INITIALIZED, function);
    return number == 0 ? SUCCESS : refuse(INVALID_DEVICE, function);
}

}  // namespace

STANDIN_API int cuDeviceGetCount(int* count) {
    const std::lock_guard<std::mutex> guard(lock);
    *count = 1;
    return device("cuDeviceGetCount", 0);
}

STANDIN_API int cuDeviceGet(int* number, int ordinal) {
    const std::lock_guard<std::mutex> guard(lock);
    *number = 0;
    return device("cuDeviceGet", ordinal);
}

STANDIN_API int cuDeviceGetName(char* name, int length, int number) {
    const std::lock_guard<std::mutex> guard(lock);
    if (length > 0) std::snprintf(name, static_cast<std::size_t>(length), "a stand-in, not a GPU");
    return device("cuDeviceGetName", number);
}

STANDIN_API int cuDeviceGetAttribute(int* value, int attribute, int number) {
    const std::lock_guard<std::mutex> guard(lock);
    const std::map<int, int> attributes = {
        {1, 1024},  // MAX_THREADS_PER_BLOCK
        {10, 32},   // WARP_SIZE
        {16, 8},    // MULTIPROCESSOR_COUNT
        {75, 8},    // COMPUTE_CAPABILITY_MAJOR
        {76, 0},    // COMPUTE_CAPABILITY_MINOR
        {115, 1},   // MEMORY_POOLS_SUPPORTED
    };
    const auto found = attributes.find(attribute);
    if (found == attributes.end()) {
        return refuse(INVALID_VALUE, "cuDeviceGetAttribute: attribute " + std::to_string(attribute));
    }
    *value = found->second;
    return device("cuDeviceGetAttribute", number);
}

STANDIN_API int cuDeviceTotalMem_v2(std::size_t* bytes, int number) {
    const std::lock_guard<std::mutex> guard(lock);
    *bytes = total_memory();
    return device("cuDeviceTotalMem", number);
}

STANDIN_API int cuDevicePrimaryCtxRetain(void** context, int number) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = device("cuDevicePrimaryCtxRetain", number)) return code;
    State& all = state();
    if (all.retained++ == 0) {
        all.context = new_handle();
        all.failure = SUCCESS;
    }
    *context = all.context;
    return SUCCESS;
}

namespace {

// What a program has not given back.
void report() {
    const State& all = state();
    const auto left = [](const char* what, std::size_t count) {
        if (count > 0) say("not given back: " + std::to_string(count) + " " + what);
    };
    for (const auto& [start, allocation] : all.device) {
        say("not given back: " + range_words(start, allocation.bytes) + " of the device");
    }
    for (const auto& [start, allocation] : all.pinned) {
        say("not given back: " + range_words(start, allocation.bytes) + " of pinned memory");
    }
    left("streams", all.streams.size());
    left("events", all.events.size());
    left("modules", all.modules.size());
    left("graphs", all.graphs.size());
    left("executable graphs", all.executables.size());
    left("contexts", all.retained);
}

__attribute__((destructor)) void report_at_the_end() {
    const std::lock_guard<std::mutex> guard(lock);
    report();
}

}  // namespace

STANDIN_API int cuDevicePrimaryCtxRelease_v2(int number) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = device("cuDevicePrimaryCtxRelease", number)) return code;
    State& all = state();
    if (all.retained == 0) return refuse(INVALID_CONTEXT, "cuDevicePrimaryCtxRelease: not retained");
    if (--all.retained > 0) return SUCCESS;
    finish_all();
    report();
    while (!all.device.empty()) give_device(all.device.begin()->first);
    while (!all.pinned.empty()) give(all.pinned, all.pinned.begin()->first);
    all.streams.clear();
    all.events.clear();
    all.functions.clear();
    all.modules.clear();
    all.graphs.clear();
    all.executables.clear();
    all.context = nullptr;
    return SUCCESS;
}

STANDIN_API int cuCtxGetCurrent(void** context) {
    const std::lock_guard<std::mutex> guard(lock);
    if (!state().initialized) return refuse(NOT_INITIALIZED, "cuCtxGetCurrent");
    *context = current;
    return SUCCESS;
}

STANDIN_API int cuCtxSetCurrent(void* context) {
    const std::lock_guard<std::mutex> guard(lock);
    if (context && context != state().context) return refuse(INVALID_CONTEXT, "cuCtxSetCurrent: no such context");
    current = context;
    return SUCCESS;
}

// ---- Memory --------------------------------------------------------------------------------------------------------

STANDIN_API int cuMemGetInfo_v2(std::size_t* free, std::size_t* total) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuMemGetInfo")) return code;
    *total = total_memory();
    *free = *total - state().used;
    return SUCCESS;
}

STANDIN_API int cuMemAlloc_v2(Address* place, std::size_t bytes) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready_outside_captures("cuMemAlloc")) return code;
    if (bytes == 0) return refuse(INVALID_VALUE, "cuMemAlloc of nothing");
    return take_device("cuMemAlloc", place, bytes);
}

STANDIN_API int cuMemFree_v2(Address address) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready_outside_captures("cuMemFree")) return code;
    const auto found = state().device.find(address);
    if (found == state().device.end() || found->second.leaving) {
        return refuse(INVALID_VALUE, "cuMemFree: " + range_words(address, 0) + " are not allocated");
    }
    finish_all();
    if (!give_device(address)) state().failure = ILLEGAL_ADDRESS;
    return state().failure;
}

// dfdx asks for no bytes as well, and gets the address 0.
STANDIN_API int cuMemAllocAsync(Address* place, std::size_t bytes, void* handle) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuMemAllocAsync")) return code;
    const auto stream = find_stream(handle);
    if (!stream) return no_stream("cuMemAllocAsync");
    if (const int code = not_while_captured("cuMemAllocAsync", *stream)) return code;
    *place = 0;
    if (bytes == 0) return SUCCESS;
    if (const int code = take_device("cuMemAllocAsync", place, bytes)) return code;
    // Who uses it before the stream gets here loses what was written.
    return put(stream, [address = *place, bytes] {
        std::memset(host(address), FRESH_BYTE, bytes);
        return true;
    });
}

STANDIN_API int cuMemFreeAsync(Address address, void* handle) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuMemFreeAsync")) return code;
    const auto stream = find_stream(handle);
    if (!stream) return no_stream("cuMemFreeAsync");
    if (const int code = not_while_captured("cuMemFreeAsync", *stream)) return code;
    if (address == 0) return SUCCESS;
    const auto found = state().device.find(address);
    if (found == state().device.end() || found->second.leaving) {
        return refuse(INVALID_VALUE, "cuMemFreeAsync: " + range_words(address, 0) + " are not allocated");
    }
    found->second.leaving = true;
    return put(stream, [address] { return give_device(address); });
}

STANDIN_API int cuMemHostAlloc(void** place, std::size_t bytes, unsigned) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready_outside_captures("cuMemHostAlloc")) return code;
    if (bytes == 0) return refuse(INVALID_VALUE, "cuMemHostAlloc of nothing");
    *place = host(take(state().pinned, bytes));
    return *place ? SUCCESS : OUT_OF_MEMORY;
}

STANDIN_API int cuMemFreeHost(void* place) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready_outside_captures("cuMemFreeHost")) return code;
    const Address address = reinterpret_cast<Address>(place);
    if (!state().pinned.count(address)) return refuse(INVALID_VALUE, "cuMemFreeHost: this is not pinned memory");
    // Not waiting for copies: one that is under way finds its memory gone.
    return give(state().pinned, address) ? SUCCESS : state().failure = ILLEGAL_ADDRESS;
}

STANDIN_API int cuMemsetD8Async(Address to, unsigned char byte, std::size_t bytes, void* handle) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuMemsetD8Async")) return code;
    const auto stream = find_stream(handle);
    if (!stream) return no_stream("cuMemsetD8Async");
    if (!usable("cuMemsetD8Async", to, bytes)) return INVALID_VALUE;
    if (bytes == 0) return SUCCESS;
    return put(stream, [=] {
        if (!alive("cuMemsetD8Async", to, bytes)) return false;
        std::memset(host(to), byte, bytes);
        return true;
    });
}

STANDIN_API int cuMemcpyDtoDAsync_v2(Address to, Address from, std::size_t bytes, void* handle) {
    const std::lock_guard<std::mutex> guard(lock);
    const char* function = "cuMemcpyDtoDAsync";
    if (const int code = ready(function)) return code;
    const auto stream = find_stream(handle);
    if (!stream) return no_stream(function);
    if (!usable(function, to, bytes) || !usable(function, from, bytes)) return INVALID_VALUE;
    return put(stream, copying(function, host(to), host(from), bytes, true, true));
}

// From memory that is not pinned CUDA copies at once. dfdx does that on the default stream; elsewhere it is a mistake,
// for the host waits where it is not meant to.
STANDIN_API int cuMemcpyHtoDAsync_v2(Address to, const void* from, std::size_t bytes, void* handle) {
    const std::lock_guard<std::mutex> guard(lock);
    const char* function = "cuMemcpyHtoDAsync";
    if (const int code = ready(function)) return code;
    const auto stream = find_stream(handle);
    if (!stream) return no_stream(function);
    if (!usable(function, to, bytes)) return INVALID_VALUE;
    if (holder(state().pinned, reinterpret_cast<Address>(from), bytes)) {
        return put(stream, copying(function, host(to), from, bytes, true, false));
    }
    if (handle) return refuse(INVALID_VALUE, "cuMemcpyHtoDAsync from memory that is not pinned");
    return copy_now(function, stream, host(to), from, bytes);
}

STANDIN_API int cuMemcpyDtoHAsync_v2(void* to, Address from, std::size_t bytes, void* handle) {
    const std::lock_guard<std::mutex> guard(lock);
    const char* function = "cuMemcpyDtoHAsync";
    if (const int code = ready(function)) return code;
    const auto stream = find_stream(handle);
    if (!stream) return no_stream(function);
    if (!usable(function, from, bytes)) return INVALID_VALUE;
    if (holder(state().pinned, reinterpret_cast<Address>(to), bytes)) {
        return put(stream, copying(function, to, host(from), bytes, false, true));
    }
    return copy_now(function, stream, to, host(from), bytes);
}

// The synchronous ones work on the default stream.

namespace {

int ready_to_copy(const char* function, Address device, std::size_t bytes) {
    if (const int code = ready_outside_captures(function)) return code;
    return usable(function, device, bytes) ? SUCCESS : INVALID_VALUE;
}

}  // namespace

STANDIN_API int cuMemsetD8_v2(Address to, unsigned char byte, std::size_t bytes) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready_to_copy("cuMemsetD8", to, bytes)) return code;
    finish(state().default_stream);
    std::memset(host(to), byte, bytes);
    return state().failure;
}

STANDIN_API int cuMemcpyDtoD_v2(Address to, Address from, std::size_t bytes) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready_to_copy("cuMemcpyDtoD", to, bytes)) return code;
    if (!usable("cuMemcpyDtoD", from, bytes)) return INVALID_VALUE;
    return copy_now("cuMemcpyDtoD", state().default_stream, host(to), host(from), bytes);
}

STANDIN_API int cuMemcpyHtoD_v2(Address to, const void* from, std::size_t bytes) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready_to_copy("cuMemcpyHtoD", to, bytes)) return code;
    return copy_now("cuMemcpyHtoD", state().default_stream, host(to), from, bytes);
}

STANDIN_API int cuMemcpyDtoH_v2(void* to, Address from, std::size_t bytes) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready_to_copy("cuMemcpyDtoH", from, bytes)) return code;
    return copy_now("cuMemcpyDtoH", state().default_stream, to, host(from), bytes);
}

// ---- Streams and events --------------------------------------------------------------------------------------------

// Streams that wait for the default stream by themselves are not known here.
STANDIN_API int cuStreamCreate(void** handle, unsigned flags) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuStreamCreate")) return code;
    constexpr unsigned NON_BLOCKING = 1;
    if (flags != NON_BLOCKING) return refuse(INVALID_VALUE, "cuStreamCreate without CU_STREAM_NON_BLOCKING");
    State& all = state();
    const auto stream = std::make_shared<Stream>();
    stream->eager = all.streams_made % 2 + 1 == setting("ADDAX_STANDIN_ORDER", 0);
    ++all.streams_made;
    *handle = new_handle();
    all.streams[*handle] = stream;
    return SUCCESS;
}

STANDIN_API int cuStreamDestroy_v2(void* handle) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuStreamDestroy")) return code;
    State& all = state();
    const auto stream = find(all.streams, handle);
    if (!stream) return no_stream("cuStreamDestroy");
    if (const int code = not_while_captured("cuStreamDestroy", *stream)) return code;
    all.streams.erase(handle);
    if (!stream->queue.empty()) all.destroyed.push_back(stream);
    return SUCCESS;
}

STANDIN_API int cuStreamSynchronize(void* handle) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuStreamSynchronize")) return code;
    const auto stream = find_stream(handle);
    if (!stream) return no_stream("cuStreamSynchronize");
    if (const int code = not_while_captured("cuStreamSynchronize", *stream)) return code;
    finish(stream);
    return state().failure;
}

STANDIN_API int cuStreamWaitEvent(void* stream_handle, void* event_handle, unsigned flags) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuStreamWaitEvent")) return code;
    const auto stream = find_stream(stream_handle);
    if (!stream) return no_stream("cuStreamWaitEvent");
    const auto event = find(state().events, event_handle);
    if (!event) return no_handle("cuStreamWaitEvent", "event");
    if (flags != 0) return refuse(INVALID_VALUE, "cuStreamWaitEvent: flags");
    if (stream->capture) {
        stream->invalidated = true;
        return refuse(CAPTURE_ISOLATION, "cuStreamWaitEvent: the event was recorded outside of the capture");
    }
    const auto recorded_on = event->stream.lock();
    if (!recorded_on || event->reached >= event->recorded) return SUCCESS;
    Item item;
    item.wait = event;
    item.number = event->recorded;
    item.wait_on = recorded_on;
    stream->queue.push_back(std::move(item));
    run_ahead();
    return SUCCESS;
}

STANDIN_API int cuEventCreate(void** handle, unsigned flags) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuEventCreate")) return code;
    constexpr unsigned DISABLE_TIMING = 2;
    const auto event = std::make_shared<Event>();
    event->timed = !(flags & DISABLE_TIMING);
    *handle = new_handle();
    state().events[*handle] = event;
    return SUCCESS;
}

STANDIN_API int cuEventDestroy_v2(void* handle) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuEventDestroy")) return code;
    return state().events.erase(handle) ? SUCCESS : no_handle("cuEventDestroy", "event");
}

STANDIN_API int cuEventRecord(void* event_handle, void* stream_handle) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuEventRecord")) return code;
    const auto event = find(state().events, event_handle);
    if (!event) return no_handle("cuEventRecord", "event");
    const auto stream = find_stream(stream_handle);
    if (!stream) return no_stream("cuEventRecord");
    if (stream->capture) return refuse(NOT_SUPPORTED, "cuEventRecord: the stand-in captures no events");
    Item item;
    item.record = event;
    item.number = ++event->recorded;
    event->stream = stream;
    stream->queue.push_back(std::move(item));
    run_ahead();
    return SUCCESS;
}

STANDIN_API int cuEventSynchronize(void* handle) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuEventSynchronize")) return code;
    const auto event = find(state().events, handle);
    if (!event) return no_handle("cuEventSynchronize", "event");
    if (const auto stream = event->stream.lock()) reach(stream, *event, event->recorded);
    return state().failure;
}

STANDIN_API int cuEventQuery(void* handle) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuEventQuery")) return code;
    const auto event = find(state().events, handle);
    if (!event) return no_handle("cuEventQuery", "event");
    return event->reached >= event->recorded ? SUCCESS : NOT_READY;
}

STANDIN_API int cuEventElapsedTime(float* milliseconds, void* from, void* to) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuEventElapsedTime")) return code;
    const auto begin = find(state().events, from), end = find(state().events, to);
    const auto good = [](const std::shared_ptr<Event>& event) { return event && event->timed && event->recorded > 0; };
    if (!good(begin) || !good(end)) return no_handle("cuEventElapsedTime", "event with a time");
    if (begin->reached < begin->recorded || end->reached < end->recorded) return NOT_READY;
    // Of two streams the clocks have nothing to do with each other.
    if (begin->stream.lock() != end->stream.lock()) return refuse(INVALID_VALUE, "cuEventElapsedTime of two streams");
    *milliseconds = static_cast<float>(end->time - begin->time) / 1000;
    return SUCCESS;
}

// ---- Kernels -------------------------------------------------------------------------------------------------------

// A text of kernels is looked into when one is asked for. An empty one stands for all that the emulator has.
STANDIN_API int cuModuleLoadData(void** handle, const void* image) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready_outside_captures("cuModuleLoadData")) return code;
    if (!image) return refuse(INVALID_VALUE, "cuModuleLoadData of nothing");
    *handle = new_handle();
    state().modules[*handle] = std::make_shared<Module>(Module{static_cast<const char*>(image)});
    return SUCCESS;
}

STANDIN_API int cuModuleUnload(void* handle) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready_outside_captures("cuModuleUnload")) return code;
    State& all = state();
    if (!all.modules.erase(handle)) return no_handle("cuModuleUnload", "module");
    for (auto i = all.functions.begin(); i != all.functions.end();) {
        i = i->second->module.expired() ? all.functions.erase(i) : std::next(i);
    }
    return SUCCESS;
}

STANDIN_API int cuModuleGetFunction(void** handle, void* module_handle, const char* kernel) {
    const std::lock_guard<std::mutex> guard(lock);
    // For it may load the kernel.
    if (const int code = ready_outside_captures("cuModuleGetFunction")) return code;
    const auto module = find(state().modules, module_handle);
    if (!module) return no_handle("cuModuleGetFunction", "module");
    const bool contained = module->image.empty() ||
                           module->image.find(".entry " + std::string(kernel) + "(") != std::string::npos;
    if (!contained || addax_emulate_arguments(kernel) < 0) {
        return refuse(NOT_FOUND, std::string("cuModuleGetFunction: no kernel is called ") + kernel);
    }
    *handle = new_handle();
    state().functions[*handle] = std::make_shared<Function>(Function{module, kernel});
    return SUCCESS;
}

namespace {

// The arguments of a launch, copied.
struct Arguments {
    std::vector<std::vector<uint64_t>> values;
    // Which of them are addresses.
    std::vector<Address> addresses;
};

Arguments copy_arguments(const std::string& kernel, void** places) {
    Arguments copied;
    for (int i = 0; i < addax_emulate_arguments(kernel.c_str()); ++i) {
        int is_pointer = 0;
        const auto bytes = static_cast<std::size_t>(addax_emulate_argument_size(kernel.c_str(), i, &is_pointer));
        std::vector<uint64_t> value((bytes + 7) / 8);
        std::memcpy(value.data(), places[i], bytes);
        if (is_pointer && value[0] != 0) copied.addresses.push_back(value[0]);
        copied.values.push_back(std::move(value));
    }
    return copied;
}

}  // namespace

STANDIN_API int cuLaunchKernel(void* function_handle, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                               unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared,
                               void* stream_handle, void** arguments, void** extra) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuLaunchKernel")) return code;
    const auto function = find(state().functions, function_handle);
    if (!function) return no_handle("cuLaunchKernel", "function");
    const std::string& kernel = function->kernel;
    const auto stream = find_stream(stream_handle);
    if (!stream) return no_stream(kernel.c_str());
    if (!arguments || extra) return refuse(INVALID_VALUE, kernel + ": arguments are a list of places");
    const bool fits = grid_x >= 1 && grid_y >= 1 && grid_z >= 1 && grid_x <= 0x7fffffff && grid_y <= 65535 &&
                      grid_z <= 65535 && block_x == 256 && block_y == 1 && block_z == 1 && shared == 0;
    if (!fits) return refuse(INVALID_VALUE, kernel + ": its grid or block");
    const auto copied = std::make_shared<Arguments>(copy_arguments(kernel, arguments));
    for (Address address : copied->addresses) {
        if (!usable(kernel, address, 1)) return INVALID_VALUE;
    }
    const auto run = [function, copied, grid_x, grid_y, grid_z] {
        const std::string& name = function->kernel;
        if (function->module.expired()) {
            say("while it ran, " + name + ": its module is unloaded");
            return false;
        }
        for (Address address : copied->addresses) {
            if (!alive(name, address, 1)) return false;
        }
        std::vector<void*> places;
        for (auto& value : copied->values) places.push_back(value.data());
        const int code = addax_emulate_launch(name.c_str(), grid_x, grid_y, grid_z, 256, 1, 1, 0, places.data());
        if (code != ADDAX_EMULATE_OK) say("while it ran, " + name + ": " + addax_emulate_error());
        return code == ADDAX_EMULATE_OK;
    };
    return put(stream, run, 1ull * grid_x * grid_y * grid_z);
}

// ---- Graphs --------------------------------------------------------------------------------------------------------

STANDIN_API int cuStreamBeginCapture_v2(void* handle, int mode) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuStreamBeginCapture")) return code;
    const auto stream = find_stream(handle);
    if (!stream) return no_stream("cuStreamBeginCapture");
    if (!handle) return refuse(CAPTURE_UNSUPPORTED, "cuStreamBeginCapture of the default stream");
    if (stream->capture) return refuse(ILLEGAL_STATE, "cuStreamBeginCapture: it is captured already");
    if (mode < GLOBAL || mode > RELAXED) return refuse(INVALID_VALUE, "cuStreamBeginCapture: the mode");
    stream->capture = std::make_shared<Graph>();
    stream->invalidated = false;
    stream->mode = static_cast<CaptureMode>(mode);
    stream->thread = std::this_thread::get_id();
    return SUCCESS;
}

STANDIN_API int cuStreamEndCapture(void* handle, void** graph) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuStreamEndCapture")) return code;
    const auto stream = find_stream(handle);
    if (!stream) return no_stream("cuStreamEndCapture");
    *graph = nullptr;
    if (!stream->capture) return refuse(ILLEGAL_STATE, "cuStreamEndCapture: nothing is captured");
    if (stream->mode != RELAXED && stream->thread != std::this_thread::get_id()) {
        return refuse(CAPTURE_WRONG_THREAD, "cuStreamEndCapture");
    }
    const auto captured = std::exchange(stream->capture, nullptr);
    if (stream->invalidated) return refuse(CAPTURE_INVALIDATED, "cuStreamEndCapture");
    *graph = new_handle();
    state().graphs[*graph] = captured;
    return SUCCESS;
}

STANDIN_API int cuGraphInstantiateWithFlags(void** executable, void* handle, unsigned long long flags) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuGraphInstantiateWithFlags")) return code;
    const auto graph = find(state().graphs, handle);
    if (!graph) return no_handle("cuGraphInstantiateWithFlags", "graph");
    if (flags != 0) return refuse(INVALID_VALUE, "cuGraphInstantiateWithFlags: flags");
    if (graph->works.empty()) return refuse(INVALID_VALUE, "cuGraphInstantiateWithFlags: nothing was captured");
    *executable = new_handle();
    state().executables[*executable] = std::make_shared<Graph>(*graph);
    return SUCCESS;
}

STANDIN_API int cuGraphDestroy(void* handle) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuGraphDestroy")) return code;
    return state().graphs.erase(handle) ? SUCCESS : no_handle("cuGraphDestroy", "graph");
}

STANDIN_API int cuGraphExecDestroy(void* handle) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuGraphExecDestroy")) return code;
    return state().executables.erase(handle) ? SUCCESS : no_handle("cuGraphExecDestroy", "executable graph");
}

STANDIN_API int cuGraphLaunch(void* handle, void* stream_handle) {
    const std::lock_guard<std::mutex> guard(lock);
    if (const int code = ready("cuGraphLaunch")) return code;
    const auto graph = find(state().executables, handle);
    if (!graph) return no_handle("cuGraphLaunch", "executable graph");
    const auto stream = find_stream(stream_handle);
    if (!stream) return no_stream("cuGraphLaunch");
    if (stream->capture) return refuse(NOT_SUPPORTED, "cuGraphLaunch: the stand-in captures no graphs");
    // One piece of work for each, so that another stream may come between them.
    for (const TimedWork& work : graph->works) put(stream, work.run, work.time);
    return SUCCESS;
}
