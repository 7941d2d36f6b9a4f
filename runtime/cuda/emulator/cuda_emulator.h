// An emulator of the small part of CUDA that the kernels use, for a host compiler. NOT a GPU: it is here so that the
// kernels can be run and tested on machines without one. See README.md.
//
// emulator.cpp includes this before the kernels. The names below are CUDA's.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

// Kernels are static functions here, which the table in emulator.cpp knows: their C names would clash with those of
// other libraries in the same program.
#define KERNEL static void
#define __device__
#define __forceinline__ inline
// One block runs on one thread of the host at a time.
#define __shared__ static thread_local
#define __syncthreads() ::addax_emulator::sync_threads(__LINE__)
#define __shfl_xor_sync(mask, value, distance) ::addax_emulator::exchange(mask, value, distance, __LINE__)

struct uint3 {
    unsigned x, y, z;
};
using dim3 = uint3;
struct alignas(16) float4 {
    float x, y, z, w;
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

// Of the thread that runs.
inline thread_local uint3 threadIdx, blockIdx;
inline thread_local dim3 blockDim, gridDim;

using std::max;
using std::min;

inline unsigned __umulhi(unsigned a, unsigned b) { return static_cast<unsigned>((std::uint64_t{a} * b) >> 32); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline float __int_as_float(int bits) {
    float x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}
// Rounded for themselves; a host compiler without -ffast-math does that anyway.
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fadd_rn(float a, float b) { return a + b; }

namespace addax_emulator {

// Waits until all threads of the block are here.
void sync_threads(int line);
// Waits until all threads of the warp are here with their four bytes, and gives those of the other lane.
unsigned exchange_bits(unsigned mask, unsigned bits, unsigned distance, int line);

template <class T>
T exchange(unsigned mask, T value, int distance, int line) {
    static_assert(sizeof(T) == 4);
    unsigned bits;
    std::memcpy(&bits, &value, 4);
    bits = exchange_bits(mask, bits, static_cast<unsigned>(distance), line);
    std::memcpy(&value, &bits, 4);
    return value;
}

}  // namespace addax_emulator
