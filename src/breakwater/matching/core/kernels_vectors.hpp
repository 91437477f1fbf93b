// Squared differences of bytes with AVX2, for the kernels of processors that have it.
#pragma once
#include <immintrin.h>

namespace breakwater {
namespace BREAKWATER_SET {

// Squared differences of 32 bytes, in eight sums.
inline __m256i squares_of_32(__m256i a, __m256i b) {
    const __m256i none = _mm256_setzero_si256();
    const __m256i low =
        _mm256_sub_epi16(_mm256_unpacklo_epi8(a, none), _mm256_unpacklo_epi8(b, none));
    const __m256i high =
        _mm256_sub_epi16(_mm256_unpackhi_epi8(a, none), _mm256_unpackhi_epi8(b, none));
    return _mm256_add_epi32(_mm256_madd_epi16(low, low), _mm256_madd_epi16(high, high));
}

inline __m256i load_32(const std::uint8_t* bytes) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
}

inline std::uint32_t squares(const std::uint8_t* a, const std::uint8_t* b, std::size_t count) {
    __m256i sums = _mm256_setzero_si256();
    std::size_t i = 0;
    for (; i + 32 <= count; i += 32)
        sums = _mm256_add_epi32(sums, squares_of_32(load_32(a + i), load_32(b + i)));
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    sum = _mm_hadd_epi32(sum, sum);
    sum = _mm_hadd_epi32(sum, sum);
    return static_cast<std::uint32_t>(_mm_cvtsi128_si32(sum)) +
           squares_plain(a + i, b + i, count - i);
}

// Eight rows at a time: their sums end side by side in one register, and one comparison tells
// that none of them is near, which is so nearly always.
inline std::size_t near_heads(const std::uint8_t* heads, std::size_t count,
                              const std::uint8_t* asked, std::uint32_t limit,
                              std::uint32_t* rows) {
    static_assert(head_bytes == 32);
    const __m256i wanted = load_32(asked);
    const __m256i most = _mm256_set1_epi32(static_cast<std::int32_t>(limit));
    std::size_t found = 0, row = 0;
    for (; row + 8 <= count; row += 8) {
        __m256i sums[8];
        for (int i = 0; i < 8; ++i)
            sums[i] = squares_of_32(load_32(heads + (row + i) * head_bytes), wanted);
        const __m256i first = _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]),
                                                _mm256_hadd_epi32(sums[2], sums[3]));
        const __m256i last = _mm256_hadd_epi32(_mm256_hadd_epi32(sums[4], sums[5]),
                                               _mm256_hadd_epi32(sums[6], sums[7]));
        const __m256i whole = _mm256_add_epi32(_mm256_permute2x128_si256(first, last, 0x20),
                                               _mm256_permute2x128_si256(first, last, 0x31));
        const __m256i far = _mm256_cmpgt_epi32(whole, most);
        int near = ~_mm256_movemask_ps(_mm256_castsi256_ps(far)) & 0xff;
        for (; near; near &= near - 1)
            rows[found++] = static_cast<std::uint32_t>(row) + __builtin_ctz(near);
    }
    for (; row < count; ++row)
        if (squares_plain(heads + row * head_bytes, asked, head_bytes) <= limit)
            rows[found++] = static_cast<std::uint32_t>(row);
    return found;
}

}  // namespace BREAKWATER_SET
}  // namespace breakwater
