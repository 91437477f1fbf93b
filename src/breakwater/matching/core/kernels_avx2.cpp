#include "kernels.hpp"
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,fma,popcnt"))), apply_to = function)
#else
#pragma GCC target("avx2,bmi,bmi2,fma,popcnt")
#endif
#define BREAKWATER_SET avx2
#define BREAKWATER_OWN_PICK

#include "kernels_body.hpp"
#include "kernels_vectors.hpp"

namespace breakwater {
const Kernels kernels_avx2 = {
    "avx2",
    {avx2::search<1>, avx2::search<2>, avx2::search<4>, avx2::search<8>},
    {avx2::scan_plain<1>, avx2::scan_plain<2>, avx2::scan_plain<4>, avx2::scan_plain<8>},
    avx2::weigh_rows,
    avx2::squares,
    avx2::near_heads,
};
}  // namespace breakwater
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
