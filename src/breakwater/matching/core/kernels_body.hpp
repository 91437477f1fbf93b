// Included once per instruction set, with BREAKWATER_SET naming its namespace.
namespace breakwater {
namespace BREAKWATER_SET {

template <int W>
inline std::uint32_t key_of(const std::uint64_t* code, std::uint32_t start, std::uint32_t bits) {
    const std::uint32_t word = start >> 6, shift = start & 63;
    std::uint64_t value = code[word] >> shift;
    if constexpr (W > 1)
        if (shift + bits > 64) value |= code[word + 1] << (64 - shift);
    return static_cast<std::uint32_t>(value & ((std::uint64_t{1} << bits) - 1));
}

inline void report(Hits& hits, std::uint32_t position, unsigned distance) {
    if (hits.count == hits.capacity) hits.grow(hits);
    hits.positions[hits.count] = position;
    hits.distances[hits.count++] = static_cast<std::uint16_t>(distance);
}

// The distance, or more than the radius as soon as half of the code exceeds it.
template <int W>
inline unsigned distance_of(const std::uint64_t* a, const std::uint64_t* b, unsigned radius) {
    unsigned distance = 0;
    constexpr int half = W > 1 ? W / 2 : 1;
    for (int w = 0; w < half; ++w)
        distance += static_cast<unsigned>(__builtin_popcountll(a[w] ^ b[w]));
    if (distance > radius) return distance;
    for (int w = half; w < W; ++w)
        distance += static_cast<unsigned>(__builtin_popcountll(a[w] ^ b[w]));
    return distance;
}

template <int W>
inline void verify(const std::uint64_t* codes, const Table* tables, const Probe* probes, int table,
                   const std::uint64_t* query, unsigned radius, std::uint32_t position,
                   Hits& hits) {
    const std::uint64_t* code = codes + std::size_t{position} * W;
    const unsigned distance = distance_of<W>(code, query, radius);
    if (distance > radius) return;
    std::uint64_t difference[W];
    for (int w = 0; w < W; ++w) difference[w] = code[w] ^ query[w];
    // An entry belongs to the first table that finds it, so that it is reported once.
    for (int earlier = 0; earlier < table; ++earlier) {
        if (probes[earlier].flips < 0) continue;
        const std::uint32_t part =
            key_of<W>(difference, tables[earlier].start, tables[earlier].bits);
        if (__builtin_popcount(part) <= probes[earlier].flips) return;
    }
    report(hits, position, distance);
}

constexpr std::uint32_t short_bucket = 4;

// Lines are asked for into the second cache: the first is too small for all that is on its way.
inline void ask_for(const void* address) { __builtin_prefetch(address, 0, 2); }

inline void ask_for_buckets(const Table& table, const Probe& probe, const Chunk& chunk,
                            std::uint32_t key, std::uint32_t* keys) {
    for (std::uint32_t j = 0; j < chunk.count; ++j) {
        keys[j] = key ^ probe.masks[chunk.first + j];
        ask_for(table.offsets + keys[j]);
    }
}

// Reads the bounds of each bucket, keeps those with entries and asks for the entries. Gives the
// number of entries, or more than can be when a bound points outside.
template <int W>
inline std::uint64_t ask_for_entries(const std::uint64_t* codes, std::size_t count,
                                     const Table& table, std::uint32_t keys_count, Slot& slot) {
    std::uint64_t total = 0;
    bool damaged = false;
    std::uint32_t kept = 0;
    for (std::uint32_t j = 0; j < keys_count; ++j) {
        const std::uint32_t start = table.offsets[slot.keys[j]];
        const std::uint32_t end = table.offsets[slot.keys[j] + 1];
        damaged |= end > count || start > end;
        slot.starts[kept] = start;
        slot.lengths[kept] = end - start;
        total += end - start;
        // An empty bucket is overwritten by the next one, and its entries are not asked for.
        kept += end != start;
        const std::uint32_t wanted = slot.starts[kept ? kept - 1 : 0];
        if (table.positions)
            ask_for(table.positions + wanted);
        else
            ask_for(codes + std::size_t{wanted} * W);
    }
    slot.ranges = kept;
    return damaged ? ~std::uint64_t{0} : total;
}

// Reads the entries of short buckets and asks for their codes; long ones are compared at once.
template <int W, typename Compare>
inline bool ask_for_codes(const std::uint64_t* codes, std::size_t count, const Table& table,
                          Slot& slot, Compare compare) {
    std::uint32_t found = 0;
    for (std::uint32_t j = 0; j < slot.ranges; ++j) {
        const std::uint32_t start = slot.starts[j], length = slot.lengths[j];
        if (length > short_bucket) {
            for (std::uint32_t k = start; k < start + length; ++k) {
                const std::uint32_t position = table.positions ? table.positions[k] : k;
                if (position >= count) return false;
                compare(position);
            }
            continue;
        }
        // Four are copied whatever the length, which spares a branch that nobody can predict.
        if (table.positions)
            __builtin_memcpy(slot.candidates + found, table.positions + start, 16);
        else
            for (std::uint32_t k = 0; k < short_bucket; ++k)
                slot.candidates[found + k] = start + k;
        found += length;
    }
    bool damaged = false;
    for (std::uint32_t c = 0; c < found; ++c) {
        damaged |= slot.candidates[c] >= count;
        ask_for(codes + std::size_t{slot.candidates[c]} * W);
    }
    slot.found = found;
    return !damaged;
}

template <int W>
Outcome search(const std::uint64_t* codes, std::size_t count, const Table* tables,
               const Probe* probes, const Chunk* chunks, int chunk_count,
               const std::uint64_t* query, unsigned radius, std::uint64_t budget, Slot* slots,
               Hits& hits) {
    std::uint64_t total = 0;
    // Four steps a chunk, each one chunk behind the step before it, so that what a step reads has
    // been on its way since the last round.
    for (int round = 0; round < chunk_count + 3; ++round) {
        if (round >= 3) {
            const int table = chunks[round - 3].table;
            const Slot& slot = slots[(round - 3) & 3];
            for (std::uint32_t c = 0; c < slot.found; ++c)
                verify<W>(codes, tables, probes, table, query, radius, slot.candidates[c], hits);
        }
        if (round >= 2 && round - 2 < chunk_count) {
            const int table = chunks[round - 2].table;
            const auto compare = [&](std::uint32_t position) {
                verify<W>(codes, tables, probes, table, query, radius, position, hits);
            };
            if (!ask_for_codes<W>(codes, count, tables[table], slots[(round - 2) & 3], compare))
                return Outcome::damaged;
        }
        if (round >= 1 && round - 1 < chunk_count) {
            const Chunk& chunk = chunks[round - 1];
            const std::uint64_t entries = ask_for_entries<W>(
                codes, count, tables[chunk.table], chunk.count, slots[(round - 1) & 3]);
            if (entries > ~std::uint64_t{0} - 1) return Outcome::damaged;
            total += entries;
            if (total > budget) return Outcome::too_many_candidates;
        }
        if (round < chunk_count) {
            const Chunk& chunk = chunks[round];
            const Table& table = tables[chunk.table];
            ask_for_buckets(table, probes[chunk.table], chunk,
                            key_of<W>(query, table.start, table.bits), slots[round & 3].keys);
        }
    }
    return Outcome::found;
}

template <int W>
void scan_plain(const std::uint64_t* codes, std::size_t first, std::size_t count,
                const std::uint64_t* query, unsigned radius, Hits& hits) {
    for (std::size_t i = 0; i < count; ++i) {
        const unsigned distance = distance_of<W>(codes + (first + i) * W, query, radius);
        if (distance <= radius) report(hits, static_cast<std::uint32_t>(first + i), distance);
    }
}

inline void weigh_rows(const std::uint8_t* image, std::size_t stride, const float* weights,
                       std::size_t rows, std::size_t count, float* sums) {
    constexpr std::size_t block = 512;  // sums that stay in the nearest cache
    for (std::size_t from = 0; from < count; from += block) {
        const std::size_t length = count - from < block ? count - from : block;
        float* sum = sums + from;
        for (std::size_t i = 0; i < length; ++i) sum[i] = 0;
        for (std::size_t row = 0; row < rows; ++row) {
            const std::uint8_t* pixels = image + row * stride + from;
            const float weight = weights[row];
            for (std::size_t i = 0; i < length; ++i)
                sum[i] += weight * static_cast<float>(pixels[i]);
        }
    }
}

inline std::uint32_t squares(const std::uint8_t* a, const std::uint8_t* b,
                                   std::size_t count) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::int32_t difference = std::int32_t{a[i]} - std::int32_t{b[i]};
        sum += static_cast<std::uint32_t>(difference * difference);
    }
    return sum;
}

}  // namespace BREAKWATER_SET
}  // namespace breakwater
