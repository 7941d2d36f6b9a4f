// The C ABI of the emulator. See README.md.

#ifndef ADDAX_EMULATOR_H
#define ADDAX_EMULATOR_H

#ifdef __cplusplus
extern "C" {
#endif

// What `addax_emulate_launch` gives.
enum AddaxEmulation {
    ADDAX_EMULATE_OK = 0,
    // No kernel of this name.
    ADDAX_EMULATE_UNKNOWN = 1,
    // A block other than (256, 1, 1), dynamic shared memory, or a grid that a GPU would refuse.
    ADDAX_EMULATE_GEOMETRY = 2,
    // Threads of a block waited for each other in vain: some at a barrier, others elsewhere or gone.
    ADDAX_EMULATE_BARRIER = 3,
};

// Runs a kernel to its end. `arguments` as `cuLaunchKernel` takes them: a pointer to the value of each. May be called
// from several threads at once.
int addax_emulate_launch(const char* kernel, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                         unsigned block_y, unsigned block_z, unsigned shared_bytes, void** arguments);

// What was wrong with the last launch of this thread, in words; empty if nothing was.
const char* addax_emulate_error(void);

// The name of a kernel, from 0 on; null after the last one.
const char* addax_emulate_kernel(unsigned index);

// How many arguments a kernel takes; -1 if there is no such kernel.
int addax_emulate_arguments(const char* kernel);

// The size of an argument in bytes, and whether it is a pointer; -1 if there is no such argument.
int addax_emulate_argument_size(const char* kernel, int index, int* is_pointer);

// In which order the threads of a block run between two barriers, and the blocks of a grid: 0 ascending, 1 descending,
// any other number seeds a shuffle. Results that change with it reveal a missing barrier. For all later launches.
void addax_emulate_order(unsigned order);

// On how many threads of the host the blocks of a grid run; 0 for as many as there are processors, at most 8. For all
// later launches.
void addax_emulate_threads(unsigned threads);

#ifdef __cplusplus
}
#endif

#endif
