// The inner loops of the engine, declared once and compiled for several instruction sets.
// Kernels see raw memory only: nothing of the standard library may be instantiated inside them,
// because the linker could then hand an AVX-512 copy of it to a processor without AVX-512.
#pragma once
#include <cstddef>
#include <cstdint>

namespace breakwater {

// One table of the multi-index. `bits` bits of a code from bit `start` are its key. The keys that
// share all but their `low` last bits share a line of 16 words: how many entries there are, and up to
// 15 of them, each a code's position and its key's low bits. Where there are more, the second word
// says where they stand in `spill`.
struct Table {
    const std::uint32_t* lines;
    const std::uint32_t* spill;
    std::uint32_t spill_size;
    std::uint32_t start, bits, low;
};

constexpr std::uint32_t line_words = 16, line_entries = 15;

// A line that a query asks for: the bits that differ from its own key above the low ones, and for
// each pattern of differing low bits whether an entry with it is near enough.
struct Mask {
    std::uint32_t high;
    std::uint32_t allowed;
};

// How a query uses a table: all keys at `flips` or fewer bits; flips < 0 leaves the table out.
struct Probe {
    const Mask* masks;
    std::uint32_t count;
    int flips;
};

struct Hits {
    std::uint32_t* positions;
    std::uint16_t* distances;
    std::size_t count;
    std::size_t capacity;
    void (*grow)(Hits&);
    void* owner;
};

// The probes of a query are worked in chunks, so that what is on its way fits the nearest cache.
constexpr std::uint32_t chunk_size = 128;
// Rounds between asking for a line and reading it, and until its codes are compared.
constexpr int read_behind = 1, compare_behind = 2, slot_count = 3;

struct Chunk {
    int table;
    std::uint32_t first;
    std::uint32_t count;
};

// What is known of one chunk: its lines, then its candidates and its lines that spill over.
struct Slot {
    std::uint32_t lines[chunk_size];
    std::uint32_t candidates[chunk_size * line_entries + line_words];
    std::uint32_t spilled[chunk_size];
    std::uint32_t found, spills;
};

enum class Outcome { found, too_many_candidates, damaged };

struct Kernels {
    const char* name;
    // Codes of 1, 2, 4 or 8 words stand at index 0, 1, 2, 3.
    Outcome (*search[4])(const std::uint64_t* codes, std::size_t count, const Table* tables,
                         const Probe* probes, const Chunk* chunks, int chunk_count,
                         const std::uint64_t* query, unsigned radius, std::uint64_t budget,
                         Slot* slots, Hits& hits);
    void (*scan[4])(const std::uint64_t* codes, std::size_t first, std::size_t count,
                    const std::uint64_t* query, unsigned radius, Hits& hits);
    // sums[i] = the weighted sum over rows of image[row * stride + i].
    void (*weigh_rows)(const std::uint8_t* image, std::size_t stride, const float* weights,
                       std::size_t rows, std::size_t count, float* sums);
    std::uint32_t (*squares)(const std::uint8_t* a, const std::uint8_t* b, std::size_t count);
};

extern const Kernels kernels_plain;
#if defined(__x86_64__) && defined(__GNUC__)
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
#endif

// The fastest set that this processor can run.
const Kernels& best_kernels();
// A named one, for tests that compare them; null where this processor cannot run it.
const Kernels* kernels_named(const char* name);

}  // namespace breakwater
