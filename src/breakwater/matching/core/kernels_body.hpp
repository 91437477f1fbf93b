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

// Whether a table hands this code to the query it differs from in `difference`.
template <int W>
inline bool finds(const Table& table, const Probe& probe, const std::uint64_t* difference) {
    if (probe.flips < 0) return false;
    const int in_key = __builtin_popcount(key_of<W>(difference, table.start, table.bits));
    if (in_key > probe.flips) return false;
    const int in_check =
        table.check_bits
            ? __builtin_popcount(key_of<W>(difference, table.check_start, table.check_bits))
            : 0;
    return in_key + in_check <= probe.both;
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
    for (int earlier = 0; earlier < table; ++earlier)
        if (finds<W>(tables[earlier], probes[earlier], difference)) return;
    report(hits, position, distance);
}

// Asks for the line of memory that holds `address`.
inline void ask_for(const void* address) { __builtin_prefetch(address, 0, 3); }

// What a query looks for in the lines of one table.
template <int W>
inline Wanted wanted_in(const Table& table, const std::uint64_t* query) {
    const std::uint32_t low_mask = (1u << table.low) - 1;
    const std::uint32_t key = key_of<W>(query, table.start, table.bits);
    const std::uint32_t check =
        table.check_bits ? key_of<W>(query, table.check_start, table.check_bits) : 0;
    return {spread(key >> table.low), check << table.low | (key & low_mask), low_mask,
            table.tag_bits};
}

// Whether an entry whose tag is near enough has a key that is.
inline bool is_near(std::uint32_t tag, const Wanted& wanted, int flips) {
    return __builtin_popcount((tag ^ wanted.tag) & wanted.low_mask) <= flips;
}

// Writes the positions of those of a line's `count` entries whose low bits differ in at most `flips`
// and whose tags in at most `both`; gives how many. `out` has room for a whole line more than is found.
#ifndef BREAKWATER_OWN_PICK
inline std::uint32_t pick(const std::uint32_t* line, std::uint32_t count, const Wanted& wanted,
                          int flips, int both, std::uint32_t* out) {
    const std::uint32_t tag_mask = (1u << wanted.tag_bits) - 1;
    std::uint32_t found = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t tag = tag_of(line, i);
        out[found] = position_of(line, i, wanted.tag_bits);
        found += __builtin_popcount((tag ^ wanted.tag) & tag_mask) <= both &&
                 is_near(tag, wanted, flips);
    }
    return found;
}
#else
// How many bits are set in each word of 16.
inline __m256i ones_of(__m256i words) {
    const __m256i of_nibble = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
                                               0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i nibble = _mm256_set1_epi8(15);
    return _mm256_maddubs_epi16(
        _mm256_add_epi8(
            _mm256_shuffle_epi8(of_nibble, _mm256_and_si256(words, nibble)),
            _mm256_shuffle_epi8(of_nibble, _mm256_and_si256(_mm256_srli_epi16(words, 4), nibble))),
        _mm256_set1_epi8(1));
}

// The tags of all entries of a line at once: nearly always none is near.
inline std::uint32_t pick(const std::uint32_t* line, std::uint32_t count, const Wanted& wanted,
                          int flips, int both, std::uint32_t* out) {
    const __m256i tags = _mm256_loadu_si256(
        reinterpret_cast<const __m256i*>(reinterpret_cast<const char*>(line) + tags_at));
    const __m256i differing = _mm256_and_si256(
        _mm256_xor_si256(tags, _mm256_set1_epi16(static_cast<short>(wanted.tag))),
        _mm256_set1_epi16(static_cast<short>((1u << wanted.tag_bits) - 1)));
    const __m256i is_far =
        _mm256_cmpgt_epi16(ones_of(differing), _mm256_set1_epi16(static_cast<short>(both)));
    // Two bits of the mask for each entry.
    const std::uint32_t held = ((1u << 2 * count) - 1) & 0x55555555u;
    std::uint32_t near = ~static_cast<std::uint32_t>(_mm256_movemask_epi8(is_far)) & held;
    std::uint32_t found = 0;
    for (; near; near &= near - 1) {
        const std::uint32_t i = static_cast<std::uint32_t>(__builtin_ctz(near)) / 2;
        out[found] = position_of(line, i, wanted.tag_bits);
        found += is_near(tag_of(line, i), wanted, flips);
    }
    return found;
}
#endif

inline void ask_for_lines(const Table& table, const Probe& probe, const Chunk& chunk,
                          const Wanted& wanted, Slot& slot) {
    for (std::uint32_t j = 0; j < chunk.count; ++j) {
        slot.lines[j] = wanted.line ^ probe.masks[chunk.first + j].away;
        ask_for(table.lines + std::size_t{slot.lines[j]} * line_words);
    }
}

// Asks for the codes of candidates from `first` on; false if one is outside.
template <int W>
inline bool ask_for_codes(const std::uint64_t* codes, std::size_t count, std::uint32_t first,
                          const Slot& slot) {
    bool inside = true;
    for (std::uint32_t c = first; c < slot.found; ++c) {
        inside &= slot.candidates[c] < count;
        ask_for(codes + std::size_t{slot.candidates[c]} * W);
    }
    return inside;
}

// Reads the chunk's lines and asks for the codes of entries that may be near enough and for what
// spilled over. False when something points outside.
template <int W>
inline bool read_lines(const std::uint64_t* codes, std::size_t count, const Table& table,
                       const Probe& probe, const Chunk& chunk, const Wanted& wanted, Slot& slot) {
    std::uint32_t found = 0, spills = 0;
    for (std::uint32_t j = 0; j < chunk.count; ++j) {
        const std::uint32_t* line = table.lines + std::size_t{slot.lines[j]} * line_words;
        const std::uint32_t held = line[0] & header_mask, place = line[0] >> header_bits;
        if (held > line_entries || place > table.spill_lines) return false;
        const int differing = static_cast<int>(probe.masks[chunk.first + j].flips);
        const int flips = probe.flips - differing, both = probe.both - differing;
        found += pick(line, held, wanted, flips, both, slot.candidates + found);
        if (place) {
            ask_for(table.spill + std::size_t{place - 1} * line_words);
            slot.spilled[spills++] = {place - 1, flips, both};
        }
    }
    slot.found = found;
    slot.spills = spills;
    return ask_for_codes<W>(codes, count, 0, slot);
}

constexpr std::uint64_t outside = ~std::uint64_t{0};

// Reads what spilled over from the chunk's lines. Gives the number of lines read, more than `most`
// where there are more, or `outside`.
template <int W, typename Compare>
inline std::uint64_t read_spilled(const std::uint64_t* codes, std::size_t count,
                                  const Table& table, const Wanted& wanted, std::uint64_t most,
                                  Slot& slot, Compare compare) {
    std::uint64_t read = 0;
    std::uint32_t asked = slot.found;
    for (std::uint32_t s = 0; s < slot.spills; ++s) {
        const Spilled& spilled = slot.spilled[s];
        const std::uint32_t* line = table.spill + std::size_t{spilled.line} * line_words;
        const std::uint32_t lines = 1 + (line[0] >> header_bits);
        if (lines > table.spill_lines - spilled.line) return outside;
        read += lines;
        if (read > most) return read;
        for (std::uint32_t l = 0; l < lines; ++l, line += line_words) {
            const std::uint32_t held = line[0] & header_mask;
            if (held > line_entries) return outside;
            if (slot.found + line_entries > most_candidates) {
                if (!ask_for_codes<W>(codes, count, asked, slot)) return outside;
                for (std::uint32_t c = 0; c < slot.found; ++c) compare(slot.candidates[c]);
                slot.found = asked = 0;
            }
            slot.found += pick(line, held, wanted, spilled.flips, spilled.both,
                               slot.candidates + slot.found);
        }
    }
    return ask_for_codes<W>(codes, count, asked, slot) ? read : outside;
}

template <int W>
Outcome search(const std::uint64_t* codes, std::size_t count, const Table* tables,
               const Probe* probes, const Chunk* chunks, int chunk_count,
               const std::uint64_t* query, unsigned radius, std::uint64_t budget, Slot* slots,
               Hits& hits) {
    std::uint64_t cost = 0;
    const auto wanted = [&](const Chunk& chunk) {
        return wanted_in<W>(tables[chunk.table], query);
    };
    // Each step stands a round behind the step before it, so that what it reads has arrived by then.
    for (int round = 0; round < chunk_count + compare_behind; ++round) {
        const auto is_due = [&](int behind) {
            return round >= behind && round - behind < chunk_count;
        };
        const auto slot_of = [&](int behind) -> Slot& {
            return slots[(round - behind) % slot_count];
        };
        if (is_due(0)) {
            const Chunk& chunk = chunks[round];
            ask_for_lines(tables[chunk.table], probes[chunk.table], chunk, wanted(chunk),
                          slot_of(0));
        }
        const auto compare_for = [&](int table) {
            return [&, table](std::uint32_t position) {
                verify<W>(codes, tables, probes, table, query, radius, position, hits);
            };
        };
        if (is_due(compare_behind)) {
            const Chunk& chunk = chunks[round - compare_behind];
            const Slot& slot = slot_of(compare_behind);
            const auto compare = compare_for(chunk.table);
            for (std::uint32_t c = 0; c < slot.found; ++c) compare(slot.candidates[c]);
        }
        if (is_due(spill_behind)) {
            const Chunk& chunk = chunks[round - spill_behind];
            Slot& slot = slot_of(spill_behind);
            const std::uint64_t read =
                read_spilled<W>(codes, count, tables[chunk.table], wanted(chunk), budget - cost,
                                slot, compare_for(chunk.table));
            if (read == outside) return Outcome::damaged;
            cost += read + slot.found;
            if (cost > budget) return Outcome::too_many_candidates;
        }
        if (is_due(read_behind)) {
            const Chunk& chunk = chunks[round - read_behind];
            if (!read_lines<W>(codes, count, tables[chunk.table], probes[chunk.table], chunk,
                               wanted(chunk), slot_of(read_behind)))
                return Outcome::damaged;
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

inline std::uint32_t squares_plain(const std::uint8_t* a, const std::uint8_t* b,
                                   std::size_t count) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::int32_t difference = std::int32_t{a[i]} - std::int32_t{b[i]};
        sum += static_cast<std::uint32_t>(difference * difference);
    }
    return sum;
}

inline std::size_t near_heads_plain(const std::uint8_t* heads, std::size_t count,
                                    const std::uint8_t* asked, std::uint32_t limit,
                                    std::uint32_t* rows) {
    std::size_t found = 0;
    for (std::size_t row = 0; row < count; ++row)
        if (squares_plain(heads + row * head_bytes, asked, head_bytes) <= limit)
            rows[found++] = static_cast<std::uint32_t>(row);
    return found;
}

}  // namespace BREAKWATER_SET
}  // namespace breakwater
