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

// Lines are asked for into the second cache: the first is too small for all that is on its way.
inline void ask_for(const void* address) { __builtin_prefetch(address, 0, 2); }

#ifndef BREAKWATER_OWN_PICK
// Writes the positions of those of `count` entries whose low bits are near enough; gives how many.
// `out` has room for a whole line more than is found.
inline std::uint32_t pick(const std::uint32_t* entries, std::uint32_t count, std::uint32_t low,
                          std::uint32_t own, std::uint32_t allowed, std::uint32_t* out) {
    const std::uint32_t low_mask = (1u << low) - 1;
    std::uint32_t found = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        out[found] = entries[i] >> low;
        found += allowed >> ((entries[i] ^ own) & low_mask) & 1u;
    }
    return found;
}
#endif

inline void ask_for_lines(const Table& table, const Probe& probe, const Chunk& chunk,
                          std::uint32_t key, Slot& slot) {
    for (std::uint32_t j = 0; j < chunk.count; ++j) {
        slot.lines[j] = (key >> table.low) ^ probe.masks[chunk.first + j].high;
        ask_for(table.lines + std::size_t{slot.lines[j]} * line_words);
    }
}

// Reads the chunk's lines and asks for the codes of entries that are near enough. Gives the number
// of entries that spilled over, or more than can be when something points outside.
template <int W>
inline std::uint64_t ask_for_codes(const std::uint64_t* codes, std::size_t count,
                                   const Table& table, const Probe& probe, const Chunk& chunk,
                                   std::uint32_t key, Slot& slot) {
    const std::uint32_t own = key & ((1u << table.low) - 1);
    std::uint32_t found = 0, spills = 0;
    std::uint64_t spilled = 0;
    for (std::uint32_t j = 0; j < chunk.count; ++j) {
        const std::uint32_t* line = table.lines + std::size_t{slot.lines[j]} * line_words;
        const std::uint32_t held = line[0];
        if (held > line_entries) {
            if (line[1] > table.spill_size || held > table.spill_size - line[1])
                return ~std::uint64_t{0};
            ask_for(table.spill + line[1]);
            slot.spilled[spills++] = j;
            spilled += held;
            continue;
        }
        found += pick(line + 1, held, table.low, own, probe.masks[chunk.first + j].allowed,
                      slot.candidates + found);
    }
    bool damaged = false;
    for (std::uint32_t c = 0; c < found; ++c) {
        damaged |= slot.candidates[c] >= count;
        ask_for(codes + std::size_t{slot.candidates[c]} * W);
    }
    slot.found = found;
    slot.spills = spills;
    return damaged ? ~std::uint64_t{0} : spilled + found;
}

template <int W, typename Compare>
inline bool compare_spilled(std::size_t count, const Table& table, const Probe& probe,
                            const Chunk& chunk, std::uint32_t key, const Slot& slot,
                            Compare compare) {
    std::uint32_t near[2 * line_words];
    const std::uint32_t own = key & ((1u << table.low) - 1);
    for (std::uint32_t s = 0; s < slot.spills; ++s) {
        const std::uint32_t j = slot.spilled[s];
        const std::uint32_t* line = table.lines + std::size_t{slot.lines[j]} * line_words;
        const std::uint32_t* entries = table.spill + line[1];
        for (std::uint32_t from = 0; from < line[0]; from += line_entries) {
            const std::uint32_t some =
                line[0] - from < line_entries ? line[0] - from : line_entries;
            const std::uint32_t found = pick(entries + from, some, table.low, own,
                                             probe.masks[chunk.first + j].allowed, near);
            for (std::uint32_t c = 0; c < found; ++c) {
                if (near[c] >= count) return false;
                compare(near[c]);
            }
        }
    }
    return true;
}

template <int W>
Outcome search(const std::uint64_t* codes, std::size_t count, const Table* tables,
               const Probe* probes, const Chunk* chunks, int chunk_count,
               const std::uint64_t* query, unsigned radius, std::uint64_t budget, Slot* slots,
               Hits& hits) {
    std::uint64_t total = 0;
    const auto key_in = [&](int table) {
        return key_of<W>(query, tables[table].start, tables[table].bits);
    };
    // Three steps a chunk, each some chunks behind the step before it, so that what a step reads has
    // arrived by then.
    for (int round = 0; round < chunk_count + compare_behind; ++round) {
        if (round < chunk_count) {
            const Chunk& chunk = chunks[round];
            ask_for_lines(tables[chunk.table], probes[chunk.table], chunk, key_in(chunk.table),
                          slots[round % slot_count]);
        }
        if (round >= compare_behind) {
            const Chunk& chunk = chunks[round - compare_behind];
            const Slot& slot = slots[(round - compare_behind) % slot_count];
            const auto compare = [&](std::uint32_t position) {
                verify<W>(codes, tables, probes, chunk.table, query, radius, position, hits);
            };
            for (std::uint32_t c = 0; c < slot.found; ++c) compare(slot.candidates[c]);
            if (slot.spills && !compare_spilled<W>(count, tables[chunk.table],
                                                   probes[chunk.table], chunk,
                                                   key_in(chunk.table), slot, compare))
                return Outcome::damaged;
        }
        if (round >= read_behind && round - read_behind < chunk_count) {
            const Chunk& chunk = chunks[round - read_behind];
            const std::uint64_t entries =
                ask_for_codes<W>(codes, count, tables[chunk.table], probes[chunk.table], chunk,
                                 key_in(chunk.table), slots[(round - read_behind) % slot_count]);
            if (entries == ~std::uint64_t{0}) return Outcome::damaged;
            total += entries;
            if (total > budget) return Outcome::too_many_candidates;
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
