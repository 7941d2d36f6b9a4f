// Runs the CUDA kernels on the processor: an emulator for tests. See README.md and emulator.h.
//
// The threads of a block are fibers, switched by hand, so that a barrier is exact: the block goes on when all of its
// threads are there, and if one never comes, that is reported. A fiber is made only when one is needed: threads that
// never wait run one after another on the same one.

// Its longjmp refuses to leave the stack, which is what fibers do.
#undef _FORTIFY_SOURCE

#define ADDAX_EMULATOR
#include "emulator.h"

#include "cuda_emulator.h"

#include <atomic>
#include <csetjmp>
#include <cstddef>
#include <memory>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <ucontext.h>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define ADDAX_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDAX_ASAN
#endif
#endif
#ifdef ADDAX_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace addax_kernels {
#include "../kernels/all.cu"
}

namespace {

constexpr unsigned THREADS = 256;
constexpr unsigned LANES = 32;

using Stack = std::unique_ptr<char[]>;

#ifdef ADDAX_ASAN
// What lay on a stack stays marked there, so each is used once.
constexpr std::size_t STACK = 256 * 1024;
Stack take_stack() { return Stack(new char[STACK]); }
void give_stack(Stack) {}
#else
constexpr std::size_t STACK = 64 * 1024;
std::mutex stacks_lock;
std::vector<Stack> stacks;

// Stacks outlive the threads of the host, of which each launch makes new ones: asking the system for 256 stacks takes
// longer than most blocks.
Stack take_stack() {
    const std::lock_guard<std::mutex> guard(stacks_lock);
    if (stacks.empty()) return Stack(new char[STACK]);
    Stack stack = std::move(stacks.back());
    stacks.pop_back();
    return stack;
}

void give_stack(Stack stack) {
    const std::lock_guard<std::mutex> guard(stacks_lock);
    stacks.push_back(std::move(stack));
}
#endif

// Something to run threads on.
struct Fiber {
    Stack stack = take_stack();
    ucontext_t context;
    std::jmp_buf place;
    bool begun = false;
    void* shadow_stack = nullptr;

    Fiber() = default;
    Fiber(const Fiber&) = delete;
    ~Fiber() { give_stack(std::move(stack)); }
};

enum class State { New, Ready, AtBlockBarrier, AtWarpBarrier, Finished };

struct Thread {
    State state = State::New;
    Fiber* fiber = nullptr;
    // Where it waits.
    int line = 0;
    // How often it has exchanged bits with its warp, and the last two of them.
    unsigned exchanges = 0;
    unsigned bits[2] = {};
};

struct Launch {
    void (*call)(void**);
    void** arguments;
    dim3 grid;
    unsigned order;
};

// Runs blocks, one after another, on one thread of the host.
class Runner {
public:
    // Gives what went wrong; empty if nothing did.
    std::string run(const Launch& launch, uint3 block);

    // Called by the thread that runs: lets others run until it is ready again.
    void wait(State state, int line);
    Thread& thread(unsigned index) { return threads_[index]; }

private:
    void resume(unsigned thread);
    void leave();
    bool release();
    std::string stuck() const;
    [[noreturn]] static void body();

    const Launch* launch_ = nullptr;
    Thread threads_[THREADS];
    unsigned running_ = 0;
    std::vector<std::unique_ptr<Fiber>> fibers_;
    std::vector<Fiber*> idle_;
#ifdef ADDAX_ASAN
    ucontext_t scheduler_;
    void* scheduler_shadow_ = nullptr;
    const void* scheduler_stack_ = nullptr;
    std::size_t scheduler_size_ = 0;
#else
    std::jmp_buf scheduler_place_;
#endif
};

thread_local Runner runner;

// What a fiber does: the thread that it is given, then the next one.
void Runner::body() {
    Runner& self = runner;
#ifdef ADDAX_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &self.scheduler_stack_, &self.scheduler_size_);
#endif
    for (;;) {
        self.launch_->call(self.launch_->arguments);
        Thread& thread = self.threads_[self.running_];
        thread.state = State::Finished;
        self.leave();
    }
}

// From a fiber to the scheduler. Comes back when the fiber is resumed.
void Runner::leave() {
    Fiber& fiber = *threads_[running_].fiber;
#ifdef ADDAX_ASAN
    __sanitizer_start_switch_fiber(&fiber.shadow_stack, scheduler_stack_, scheduler_size_);
    swapcontext(&fiber.context, &scheduler_);
    __sanitizer_finish_switch_fiber(threads_[running_].fiber->shadow_stack, &scheduler_stack_, &scheduler_size_);
#else
    // Not swapcontext, which asks the kernel for the signal mask each time.
    if (_setjmp(fiber.place) == 0) _longjmp(scheduler_place_, 1);
#endif
}

// From the scheduler to a thread, until it waits or has finished.
void Runner::resume(unsigned index) {
    Thread& thread = threads_[index];
    if (thread.state == State::New) {
        if (idle_.empty()) {
            fibers_.push_back(std::make_unique<Fiber>());
            idle_.push_back(fibers_.back().get());
        }
        thread.fiber = idle_.back();
        idle_.pop_back();
    }
    thread.state = State::Ready;
    running_ = index;
    threadIdx = {index, 0, 0};
    Fiber& fiber = *thread.fiber;
    const bool begins = !fiber.begun;
    if (begins) {
        fiber.begun = true;
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack.get();
        fiber.context.uc_stack.ss_size = STACK;
        fiber.context.uc_link = nullptr;
        makecontext(&fiber.context, &Runner::body, 0);
    }
#ifdef ADDAX_ASAN
    __sanitizer_start_switch_fiber(&scheduler_shadow_, fiber.stack.get(), STACK);
    swapcontext(&scheduler_, &fiber.context);
    __sanitizer_finish_switch_fiber(scheduler_shadow_, nullptr, nullptr);
#else
    if (_setjmp(scheduler_place_) == 0) {
        if (begins) {
            setcontext(&fiber.context);
        } else {
            _longjmp(fiber.place, 1);
        }
    }
#endif
    Thread& left = threads_[running_];
    if (left.state == State::Finished) {
        idle_.push_back(left.fiber);
        left.fiber = nullptr;
    }
}

void Runner::wait(State state, int line) {
    Thread& thread = threads_[running_];
    thread.state = state;
    thread.line = line;
    leave();
}

// Lets those go on whose barrier is complete; false if there are none.
bool Runner::release() {
    const auto together = [&](unsigned from, unsigned count, State state) {
        for (unsigned i = from; i < from + count; ++i) {
            if (threads_[i].state != state || threads_[i].line != threads_[from].line) return false;
        }
        for (unsigned i = from; i < from + count; ++i) threads_[i].state = State::Ready;
        return true;
    };
    if (together(0, THREADS, State::AtBlockBarrier)) return true;
    bool any = false;
    for (unsigned warp = 0; warp < THREADS; warp += LANES) any |= together(warp, LANES, State::AtWarpBarrier);
    return any;
}

std::string Runner::stuck() const {
    std::string words = "threads wait for each other in vain:";
    const auto place = [&](unsigned i) -> std::string {
        switch (threads_[i].state) {
            case State::Finished: return "finished";
            case State::AtBlockBarrier: return "at __syncthreads, line " + std::to_string(threads_[i].line);
            default: return "at a shuffle, line " + std::to_string(threads_[i].line);
        }
    };
    for (unsigned i = 0; i < THREADS;) {
        unsigned end = i + 1;
        while (end < THREADS && place(end) == place(i)) ++end;
        words += " " + std::to_string(i) + " to " + std::to_string(end - 1) + " " + place(i) + ";";
        i = end;
    }
    return words;
}

// Puts 0 to n - 1 in the order that was asked for.
void arrange(std::vector<unsigned>& places, unsigned order) {
    std::iota(places.begin(), places.end(), 0u);
    if (order == 1) {
        std::reverse(places.begin(), places.end());
    } else if (order > 1) {
        // xorshift: the same shuffle with every standard library.
        unsigned random = order;
        for (std::size_t i = places.size(); i > 1; --i) {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            std::swap(places[i - 1], places[random % i]);
        }
    }
}

std::string Runner::run(const Launch& launch, uint3 block) {
    launch_ = &launch;
    blockIdx = block;
    blockDim = {THREADS, 1, 1};
    gridDim = launch.grid;
    for (Thread& thread : threads_) thread = Thread();
    std::vector<unsigned> places(THREADS);
    arrange(places, launch.order);
    for (unsigned round = 1;; ++round) {
        bool finished = true;
        for (unsigned i : places) {
            const State state = threads_[i].state;
            if (state == State::New || state == State::Ready) resume(i);
            finished &= threads_[i].state == State::Finished;
        }
        if (finished) return "";
        if (!release()) break;
        // Each stretch between two barriers in another order.
        if (launch.order > 1) arrange(places, launch.order + round);
    }
    const std::string words = stuck();
    // Those that wait never go on: their stacks are given up with what lies on them.
    idle_.clear();
    fibers_.clear();
    return words;
}

// Unpacks the arguments of a kernel.
template <auto kernel>
struct Caller;

template <class... Parameters, void (*kernel)(Parameters...)>
struct Caller<kernel> {
    static constexpr int COUNT = sizeof...(Parameters);
    static constexpr int SIZES[] = {static_cast<int>(sizeof(Parameters))...};
    static constexpr bool POINTERS[] = {std::is_pointer_v<Parameters>...};

    template <std::size_t... places>
    static void unpack(void** arguments, std::index_sequence<places...>) {
        kernel(*static_cast<Parameters*>(arguments[places])...);
    }
    static void call(void** arguments) { unpack(arguments, std::index_sequence_for<Parameters...>()); }
};

struct Kernel {
    const char* name;
    int arguments;
    const int* sizes;
    const bool* pointers;
    void (*call)(void**);
};

template <auto kernel>
constexpr Kernel entry(const char* name) {
    using Called = Caller<kernel>;
    return {name, Called::COUNT, Called::SIZES, Called::POINTERS, Called::call};
}

#define ENTRY(name) entry<addax_kernels::name>(#name)
constexpr Kernel KERNELS[] = {
    // activations.cu
    ENTRY(activate), ENTRY(activate_backward), ENTRY(softmax), ENTRY(softmax_backward),
    // arrays.cu
    ENTRY(gather_rows), ENTRY(copy_columns), ENTRY(add), ENTRY(transpose),
    // bias.cu
    ENTRY(bias_activate), ENTRY(column_sums),
    // convolution.cu
    ENTRY(conv2d_forward_16), ENTRY(conv2d_forward_32), ENTRY(conv2d_forward_64), ENTRY(conv2d_input_gradient_16),
    ENTRY(conv2d_input_gradient_32), ENTRY(conv2d_input_gradient_64), ENTRY(conv2d_kernel_gradient_16),
    ENTRY(conv2d_kernel_gradient_32), ENTRY(conv2d_kernel_gradient_64),
    // dot.cu
    ENTRY(dot_forward), ENTRY(dot_backward), ENTRY(unit_vectors), ENTRY(unit_vectors_backward),
    // dropout.cu
    ENTRY(dropout),
    // losses.cu
    ENTRY(mean_squared_error), ENTRY(mean_absolute_error), ENTRY(binary_crossentropy), ENTRY(categorical_crossentropy),
    ENTRY(sparse_categorical_crossentropy),
    // lstm.cu
    ENTRY(lstm_begin), ENTRY(lstm_forward), ENTRY(lstm_backward),
    // merging.cu
    ENTRY(merge), ENTRY(merge_select), ENTRY(merge_sums),
    // metrics.cu
    ENTRY(accuracy_classes), ENTRY(accuracy_values), ENTRY(squared_error_rows), ENTRY(absolute_error_rows),
    // normalization.cu
    ENTRY(batch_moment_sums), ENTRY(batch_moments), ENTRY(inverse_deviations), ENTRY(batch_normalize),
    ENTRY(batch_normalize_moving), ENTRY(batch_normalize_part_sums), ENTRY(batch_normalize_sums),
    ENTRY(batch_normalize_backward),
    // optimizers.cu
    ENTRY(begin_step), ENTRY(sgd), ENTRY(sgd_momentum), ENTRY(rmsprop), ENTRY(rmsprop_momentum), ENTRY(adam),
    // pooling.cu
    ENTRY(max_pool_forward), ENTRY(max_pool_backward), ENTRY(average_pool_forward), ENTRY(average_pool_backward),
    ENTRY(global_max_forward), ENTRY(global_max_backward),
    // reductions.cu
    ENTRY(sum_partials), ENTRY(add_rows), ENTRY(add_count),
};
#undef ENTRY

const Kernel* find(const char* name) {
    for (const Kernel& kernel : KERNELS) {
        if (std::strcmp(kernel.name, name) == 0) return &kernel;
    }
    return nullptr;
}

std::atomic<unsigned> order_of_threads{0}, threads_of_host{0};
thread_local std::string error;

int refuse(AddaxEmulation code, std::string words) {
    error = std::move(words);
    return code;
}

// Grids below this many blocks are not worth a thread.
constexpr unsigned long long FEW_BLOCKS = 8;

unsigned workers(unsigned long long blocks) {
    unsigned threads = threads_of_host.load();
    if (threads == 0) threads = std::clamp(std::thread::hardware_concurrency(), 1u, 8u);
    return blocks < FEW_BLOCKS ? 1 : threads;
}

}  // namespace

namespace addax_emulator {

void sync_threads(int line) { runner.wait(State::AtBlockBarrier, line); }

unsigned exchange_bits(unsigned mask, unsigned bits, unsigned distance, int line) {
    const unsigned mine = threadIdx.x;
    // Kernels exchange over whole warps only. Anything else waits at a line of its own, in vain, and is reported.
    if (mask != 0xffffffffu || distance >= LANES) runner.wait(State::AtWarpBarrier, -1 - static_cast<int>(mine));
    // In turns, so that a lane that is ahead does not overwrite what a slower one still has to read.
    const unsigned turn = runner.thread(mine).exchanges++ % 2;
    runner.thread(mine).bits[turn] = bits;
    runner.wait(State::AtWarpBarrier, line);
    return runner.thread(mine ^ distance).bits[turn];
}

}  // namespace addax_emulator

extern "C" {

int addax_emulate_launch(const char* name, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                         unsigned block_y, unsigned block_z, unsigned shared_bytes, void** arguments) {
    error.clear();
    const Kernel* kernel = find(name);
    if (!kernel) return refuse(ADDAX_EMULATE_UNKNOWN, std::string("no kernel is called ") + name);
    if (block_x != THREADS || block_y != 1 || block_z != 1) {
        return refuse(ADDAX_EMULATE_GEOMETRY, std::string(name) + ": a block is (256, 1, 1)");
    }
    if (shared_bytes != 0) return refuse(ADDAX_EMULATE_GEOMETRY, std::string(name) + ": no dynamic shared memory is used");
    const bool fits = grid_x >= 1 && grid_y >= 1 && grid_z >= 1 && grid_x <= 0x7fffffff && grid_y <= 65535 &&
                      grid_z <= 65535;
    if (!fits) return refuse(ADDAX_EMULATE_GEOMETRY, std::string(name) + ": an empty grid, or one above CUDA's limits");

    const Launch launch{kernel->call, arguments, {grid_x, grid_y, grid_z}, order_of_threads.load()};
    const unsigned long long blocks = 1ull * grid_x * grid_y * grid_z;
    std::atomic<unsigned long long> next{0};
    std::atomic<bool> failed{false};
    std::string words;
    const auto work = [&] {
        for (;;) {
            const unsigned long long taken = next.fetch_add(1);
            if (taken >= blocks || failed.load()) return;
            const unsigned long long i = launch.order == 1 ? blocks - 1 - taken : taken;
            const uint3 block{static_cast<unsigned>(i % grid_x), static_cast<unsigned>(i / grid_x % grid_y),
                              static_cast<unsigned>(i / grid_x / grid_y)};
            std::string problem = runner.run(launch, block);
            if (!problem.empty() && !failed.exchange(true)) {
                words = std::string(name) + ", block (" + std::to_string(block.x) + ", " + std::to_string(block.y) + ", " +
                        std::to_string(block.z) + "): " + problem;
            }
        }
    };
    std::vector<std::thread> others;
    for (unsigned i = 1; i < workers(blocks); ++i) others.emplace_back(work);
    work();
    for (std::thread& other : others) other.join();
    if (failed.load()) return refuse(ADDAX_EMULATE_BARRIER, words);
    return ADDAX_EMULATE_OK;
}

const char* addax_emulate_error(void) { return error.c_str(); }

const char* addax_emulate_kernel(unsigned index) {
    return index < std::size(KERNELS) ? KERNELS[index].name : nullptr;
}

int addax_emulate_arguments(const char* name) {
    const Kernel* kernel = find(name);
    return kernel ? kernel->arguments : -1;
}

int addax_emulate_argument_size(const char* name, int index, int* is_pointer) {
    const Kernel* kernel = find(name);
    if (!kernel || index < 0 || index >= kernel->arguments) return -1;
    *is_pointer = kernel->pointers[index];
    return kernel->sizes[index];
}

void addax_emulate_order(unsigned order) { order_of_threads = order; }

void addax_emulate_threads(unsigned threads) { threads_of_host = threads; }

}  // extern "C"
