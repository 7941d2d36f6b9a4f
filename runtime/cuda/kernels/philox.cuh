// Random numbers that are a function of their position: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as
// easy as 1, 2, 3"). The same words as the CPU's.

#pragma once

#include "common.cuh"

namespace {

struct Words {
    unsigned at[4];
};

__device__ __forceinline__ Words philox(Words x, unsigned key_low, unsigned key_high) {
#pragma unroll
    for (int round = 0; round < 10; ++round) {
        const unsigned a_low = x.at[0] * 0xd2511f53u, a_high = __umulhi(x.at[0], 0xd2511f53u);
        const unsigned b_low = x.at[2] * 0xcd9e8d57u, b_high = __umulhi(x.at[2], 0xcd9e8d57u);
        x = {{b_high ^ x.at[1] ^ key_low, b_low, a_high ^ x.at[3] ^ key_high, a_low}};
        key_low += 0x9e3779b9u;
        key_high += 0xbb67ae85u;
    }
    return x;
}

}  // namespace
