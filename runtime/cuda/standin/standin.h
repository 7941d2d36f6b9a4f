// What the libraries of the stand-in share: how the others get work onto the driver's streams. See README.md.

#ifndef ADDAX_STANDIN_H
#define ADDAX_STANDIN_H

#include <cstddef>
#include <cstdint>

// What the libraries show to the outside.
#define STANDIN_API extern "C" __attribute__((visibility("default")))

// Work of another library: `run` gives false after it has said on stderr what is wrong; `drop` is called once, when the
// work will not run again.
struct AddaxStandinWork {
    bool (*run)(void* data);
    void (*drop)(void* data);
    void* data;
};

// Gives CUDA_SUCCESS if a context is current on this thread and nothing has failed, else the code.
STANDIN_API int addax_standin_ready(const char* function);

// Whether a stream is known; `capturing` says whether it is being captured.
STANDIN_API bool addax_standin_stream(void* stream, bool* capturing);

// Whether a range of device memory lies inside one live allocation. Says so on stderr if it does not.
STANDIN_API bool addax_standin_allocated(const char* what, uint64_t address, size_t bytes);

// The same for `AddaxStandinWork::run`, which the driver calls.
STANDIN_API bool addax_standin_allocated_in_work(const char* what, uint64_t address, size_t bytes);

// Puts work onto a stream, or into the graph that is being captured from it. Gives a code of the driver.
STANDIN_API int addax_standin_enqueue(void* stream, AddaxStandinWork work);

#endif
