// The inner loops of the engine, declared once and compiled for several instruction sets.
// Kernels see raw memory only: nothing of the standard library may be instantiated inside them,
// because the linker could then hand an AVX-512 copy of it to a processor without AVX-512.
#pragma once
#include <cstddef>
#include <cstdint>

namespace breakwater {

// One table of the multi-index. `bits` bits of a code from bit `start` are its key. The keys that
// share all but their `low` last bits share a line of 64 bytes: a header of 4, then of up to 12 entries
// a tag of 2 each, then of each the low 3 bytes of a code's position. A tag holds, from its lowest bit
// on, the key's low bits and `check_bits` bits of the code from bit `check_start`, which lie in the key
// of the next table; positions that need more than 3 bytes have the rest above the tag's `tag_bits`.
// A header holds the number of entries in its last four bits. Above them stands where more of the
// line's entries are: a line of `spill` counted from 1, or 0; and in a line of `spill` how many lines
// follow that belong to it.
struct Table {
    const std::uint32_t* lines;
    const std::uint32_t* spill;
    std::uint32_t spill_lines;
    std::uint32_t start, bits, low;
    std::uint32_t check_start, check_bits;
    std::uint32_t tag_bits;
};

constexpr std::uint32_t line_words = 16, line_entries = 12, header_bits = 4;
// The place of a key's line among a table's lines. Keys that differ in one or two of their high bits
// would have lines a power of two apart, which fall into the same few sets of the caches and throw
// each other out before they are read. Being linear over bits, it keeps spread(a ^ b) ==
// spread(a) ^ spread(b); having ones on its diagonal and nothing below, it gives each line one place.
constexpr std::uint32_t spread(std::uint32_t key) {
    return key ^ key >> 3 ^ key >> 7 ^ key >> 12 ^ key >> 16;
}

constexpr std::uint32_t header_mask = (1u << header_bits) - 1;
// Where in a line, in bytes, its tags begin, and its positions.
constexpr std::uint32_t tags_at = 4, positions_at = tags_at + 2 * line_entries;
constexpr std::uint32_t position_bytes = 3, position_bits = 8 * position_bytes, most_tag_bits = 16;
static_assert(positions_at + position_bytes * line_entries == 4 * line_words);

inline std::uint32_t tag_of(const std::uint32_t* line, std::uint32_t entry) {
    std::uint16_t tag;
    __builtin_memcpy(&tag, reinterpret_cast<const char*>(line) + tags_at + 2 * entry, sizeof tag);
    return tag;
}

inline std::uint32_t position_of(const std::uint32_t* line, std::uint32_t entry,
                                 std::uint32_t tag_bits) {
    // From the byte before, so that the last read ends with the line.
    std::uint32_t word;
    __builtin_memcpy(&word,
                     reinterpret_cast<const char*>(line) + positions_at - 1 + position_bytes * entry,
                     sizeof word);
    return word >> 8 | tag_of(line, entry) >> tag_bits << position_bits;
}

// A line that a query asks for: where it stands from the query's own, and in how many bits above the
// low ones its keys differ.
struct Mask {
    std::uint32_t away;
    std::uint32_t flips;
};

// How a query uses a table: all keys at `flips` or fewer bits; flips < 0 leaves the table out.
// An entry counts if its key and the checked bits together differ in `both` or fewer bits.
struct Probe {
    const Mask* masks;
    std::uint32_t count;
    int flips, both;
};

// What a query looks for in one table: its own line, and the tag that entries should have.
struct Wanted {
    std::uint32_t line, tag, low_mask, tag_bits;
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
// Rounds between asking for a line, reading it, reading where it spilled over, and comparing codes.
constexpr int read_behind = 1, spill_behind = 2, compare_behind = 3, slot_count = 4;
constexpr std::uint32_t most_candidates = chunk_size * line_entries;

struct Chunk {
    int table;
    std::uint32_t first;
    std::uint32_t count;
};

// A line that spilled over: which of `spill`, and what its mask leaves of the two limits.
struct Spilled {
    std::uint32_t line;
    int flips, both;
};

// What is known of one chunk: its lines, then its candidates and its lines that spill over.
struct Slot {
    std::uint32_t lines[chunk_size];
    Spilled spilled[chunk_size];
    std::uint32_t candidates[most_candidates + line_words];
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
    // Writes to `rows` which of `count` rows of `head_bytes` lie within `limit` of `asked`, by the sum
    // of squared differences, and gives how many they are.
    std::size_t (*near_heads)(const std::uint8_t* heads, std::size_t count,
                              const std::uint8_t* asked, std::uint32_t limit, std::uint32_t* rows);
};

// So much of a vector of bytes is looked at first: what fills a register.
constexpr std::size_t head_bytes = 32;

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
