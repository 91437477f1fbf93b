#include "kernels.hpp"
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#if defined(__clang__)
#pragma clang attribute push(                                                             \
    __attribute__((target("avx2,bmi,bmi2,fma,popcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq"))), \
    apply_to = function)
#else
#pragma GCC target("avx2,bmi,bmi2,fma,popcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq")
#endif
#define BREAKWATER_SET avx512
#define BREAKWATER_OWN_PICK

#include "kernels_body.hpp"
#include "kernels_vectors.hpp"

namespace breakwater {
namespace avx512 {

// Eight codes of 256 bits at a time: popcounts of the words, then a transposed sum.
void scan_256(const std::uint64_t* codes, std::size_t first, std::size_t count,
              const std::uint64_t* query, unsigned radius, Hits& hits) {
    constexpr std::uint8_t code_in_lane[8] = {0, 2, 1, 3, 4, 6, 5, 7};
    const __m512i asked = _mm512_broadcast_i64x4(
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(query)));
    const __m512i limit = _mm512_set1_epi64(radius);
    const std::uint64_t* at = codes + first * 4;
    std::size_t i = 0;
    for (; i + 8 <= count; i += 8, at += 32) {
        __m512i ones[4];
        for (int k = 0; k < 4; ++k)
            ones[k] = _mm512_popcnt_epi64(
                _mm512_xor_si512(_mm512_loadu_si512(at + 8 * k), asked));
        const __m512i left = _mm512_add_epi64(_mm512_unpacklo_epi64(ones[0], ones[1]),
                                              _mm512_unpackhi_epi64(ones[0], ones[1]));
        const __m512i right = _mm512_add_epi64(_mm512_unpacklo_epi64(ones[2], ones[3]),
                                               _mm512_unpackhi_epi64(ones[2], ones[3]));
        const __m512i distances = _mm512_add_epi64(_mm512_shuffle_i64x2(left, right, 0x88),
                                                   _mm512_shuffle_i64x2(left, right, 0xDD));
        __mmask8 near = _mm512_cmple_epu64_mask(distances, limit);
        if (near) {
            alignas(64) std::uint64_t values[8];
            _mm512_store_si512(values, distances);
            // In the order of positions, as the other kernels report.
            for (unsigned code = 0; code < 8; ++code)
                for (unsigned lane = 0; lane < 8; ++lane)
                    if (code_in_lane[lane] == code && (near >> lane & 1))
                        report(hits, static_cast<std::uint32_t>(first + i + code),
                               static_cast<unsigned>(values[lane]));
        }
    }
    scan_plain<4>(codes, first + i, count - i, query, radius, hits);
}

}  // namespace avx512

const Kernels kernels_avx512 = {
    "avx512",
    {avx512::search<1>, avx512::search<2>, avx512::search<4>, avx512::search<8>},
    {avx512::scan_plain<1>, avx512::scan_plain<2>, avx512::scan_256, avx512::scan_plain<8>},
    avx512::weigh_rows,
    avx512::squares,
    avx512::near_heads,
};
}  // namespace breakwater
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
