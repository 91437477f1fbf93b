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

namespace breakwater {
namespace avx2 {

// How many bits are set in each word of 32.
inline __m256i ones_of(__m256i words) {
    const __m256i of_nibble = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
                                               0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i nibble = _mm256_set1_epi8(15);
    const __m256i of_byte = _mm256_add_epi8(
        _mm256_shuffle_epi8(of_nibble, _mm256_and_si256(words, nibble)),
        _mm256_shuffle_epi8(of_nibble, _mm256_and_si256(_mm256_srli_epi16(words, 4), nibble)));
    return _mm256_madd_epi16(_mm256_maddubs_epi16(of_byte, _mm256_set1_epi8(1)),
                             _mm256_set1_epi16(1));
}

// As in kernels_body.hpp: the tags of all entries of a line at once. Nearly always none is near.
inline std::uint32_t pick(const std::uint32_t* line, std::uint32_t count, const Wanted& wanted,
                          int flips, int both, std::uint32_t* out) {
    static_assert(line_entries == 12 && tag_byte == 48 + 4);
    const __m128i bytes = _mm_srli_si128(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(line + line_words - 4)), 4);
    const __m128i position_bits = _mm_cvtsi32_si128(static_cast<int>(wanted.position_bits));
    const __m256i tag = _mm256_set1_epi32(static_cast<int>(wanted.tag));
    const __m256i most = _mm256_set1_epi32(both);
    const auto far = [&](__m256i entries, __m128i low_bytes) {
        const __m256i tags = _mm256_or_si256(
            _mm256_slli_epi32(_mm256_srl_epi32(entries, position_bits), 8),
            _mm256_cvtepu8_epi32(low_bytes));
        const __m256i is_far = _mm256_cmpgt_epi32(ones_of(_mm256_xor_si256(tags, tag)), most);
        return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(is_far)));
    };
    const __m256i first = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(line + 1));
    const __m256i last = _mm256_castsi128_si256(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(line + 9)));
    std::uint32_t near = ~(far(first, bytes) | far(last, _mm_srli_si128(bytes, 8)) << 8) &
                         ((1u << count) - 1);
    const auto* low_byte = reinterpret_cast<const std::uint8_t*>(line) + tag_byte;
    std::uint32_t found = 0;
    for (; near; near &= near - 1) {
        const int i = __builtin_ctz(near);
        const std::uint32_t entry = line[1 + i];
        const std::uint32_t differing =
            (entry >> wanted.position_bits << 8 | low_byte[i]) ^ wanted.tag;
        out[found] = entry & ((1u << wanted.position_bits) - 1);
        found += __builtin_popcount(differing & wanted.low_mask) <= flips;
    }
    return found;
}

}  // namespace avx2
}  // namespace breakwater

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
