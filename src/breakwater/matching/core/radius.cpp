// The multi-index: arranging codes, filling tables, and answering queries over them.
#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <numeric>
#include <string_view>
#include <utility>

#include "arrays.hpp"
#include "kernels.hpp"

namespace breakwater {
namespace {

using Codes = Array<std::uint64_t>;

int slot_of(py::ssize_t words) {
    switch (words) {
        case 1: return 0;
        case 2: return 1;
        case 4: return 2;
        case 8: return 3;
        default: throw std::invalid_argument("codes have 64, 128, 256 or 512 bits");
    }
}

// Bits `start` to `start + bits` of codes, read in one load.
class Field {
  public:
    Field(std::size_t words, std::uint32_t start, std::uint32_t bits)
        : byte_(std::min<std::size_t>(start / 8, words * 8 - 8)),
          shift_(start - 8 * static_cast<std::uint32_t>(byte_)),
          mask_((std::uint64_t{1} << bits) - 1) {}
    std::uint32_t of(const std::uint64_t* code) const {
        std::uint64_t value;
        std::memcpy(&value, reinterpret_cast<const char*>(code) + byte_, sizeof value);
        return static_cast<std::uint32_t>(value >> shift_ & mask_);
    }

  private:
    std::size_t byte_;
    std::uint32_t shift_;
    std::uint64_t mask_;
};

void check_key(py::ssize_t words, std::uint32_t start, std::uint32_t bits) {
    require(bits >= 1 && bits <= 28, "a key has 1 to 28 bits");
    require(start + bits <= static_cast<std::uint32_t>(words) * 64, "the key ends in the code");
}

constexpr std::size_t ahead = 24;

// A code by its first word, turned so that the key of the first table stands in the highest bits.
struct Turned {
    std::uint64_t word;
    std::uint32_t row;
};

// So many codes are sorted at a time: they stay in the nearer caches.
constexpr std::size_t sorted_at_once = 4096;

// Arranges codes whose turned words share their highest bits, part by part in several threads.
class Arranging {
  public:
    Arranging(const std::uint64_t* rows, std::size_t count, std::size_t words, std::uint32_t bits)
        : rows_(rows), count_(count), words_(words), turn_(bits) {
        while (group_bits_ < 16 && count >> group_bits_ > sorted_at_once) ++group_bits_;
        offsets_.resize((std::size_t{1} << group_bits_) + 1);
    }

    std::size_t groups() const { return offsets_.size() - 1; }

    // Each thread reads all codes and keeps those of its own groups.
    void count(std::size_t first, std::size_t last) {
        std::uint32_t* sizes = offsets_.data() + 1;
        for (std::size_t i = 0; i < count_; ++i) {
            const std::size_t group = group_of(turned(i));
            if (group >= first && group < last) ++sizes[group];
        }
    }
    void add_up() { std::partial_sum(offsets_.begin(), offsets_.end(), offsets_.begin()); }

    // The order of the groups' codes, and to `starts` where each distinct one begins.
    void sort(std::size_t first, std::size_t last, std::uint32_t* order,
              std::vector<std::uint32_t>& starts) const {
        const std::uint32_t base = offsets_[first];
        const std::unique_ptr<Turned[]> codes(new Turned[offsets_[last] - base]);
        std::vector<std::uint32_t> next(offsets_.begin() + static_cast<std::ptrdiff_t>(first),
                                        offsets_.begin() + static_cast<std::ptrdiff_t>(last));
        for (std::size_t i = 0; i < count_; ++i) {
            const std::uint64_t word = turned(i);
            const std::size_t group = group_of(word);
            if (group >= first && group < last)
                codes[next[group - first]++ - base] = {word, static_cast<std::uint32_t>(i)};
        }
        starts.reserve(offsets_[last] - base);
        for (std::size_t group = first; group < last; ++group) {
            Turned *from = &codes[offsets_[group] - base], *to = &codes[offsets_[group + 1] - base];
            std::sort(from, to, [this](const Turned& a, const Turned& b) {
                if (a.word != b.word) return a.word < b.word;
                const int sign = compared(a, b);
                return sign != 0 ? sign < 0 : a.row < b.row;
            });
            for (const Turned* code = from; code < to; ++code) {
                const auto at = static_cast<std::uint32_t>(base + (code - codes.get()));
                order[at] = code->row;
                if (code == from || code[-1].word != code->word || compared(code[-1], *code) != 0)
                    starts.push_back(at);
            }
        }
    }

  private:
    std::uint64_t turned(std::size_t row) const {
        const std::uint64_t word = rows_[row * words_];
        return word >> turn_ | word << (64 - turn_);
    }
    std::size_t group_of(std::uint64_t word) const {
        return group_bits_ ? word >> (64 - group_bits_) : 0;
    }
    int compared(const Turned& a, const Turned& b) const {
        return std::memcmp(rows_ + a.row * words_, rows_ + b.row * words_, words_ * 8);
    }

    const std::uint64_t* rows_;
    std::size_t count_, words_;
    std::uint32_t turn_, group_bits_ = 0;
    std::vector<std::uint32_t> offsets_;
};

// The order of codes by their first `bits` bits, equal codes side by side, and where each distinct one
// starts: order[n] and starts[distinct + 1].
py::tuple arrange(const Codes& codes, std::uint32_t bits, int threads) {
    require(codes.ndim() == 2, "codes are rows of words");
    const std::size_t count = codes.shape(0);
    check_key(codes.shape(1), 0, bits);
    require(count < 0xFFFFFFFFu, "one segment holds fewer than 2^32 codes");
    std::vector<std::uint32_t> order(count), starts;
    {
        py::gil_scoped_release free;
        Arranging arranging(codes.data(), count, codes.shape(1), bits);
        std::vector<std::vector<std::uint32_t>> parts(std::max(threads, 1));
        in_parts(arranging.groups(), threads, [&](std::size_t first, std::size_t last, std::size_t) {
            arranging.count(first, last);
        });
        arranging.add_up();
        in_parts(arranging.groups(), threads,
                 [&](std::size_t first, std::size_t last, std::size_t part) {
                     arranging.sort(first, last, order.data(), parts[part]);
                 });
        starts = std::move(parts[0]);
        for (std::size_t part = 1; part < parts.size(); ++part)
            starts.insert(starts.end(), parts[part].begin(), parts[part].end());
        starts.push_back(static_cast<std::uint32_t>(count));
    }
    return py::make_tuple(given(std::move(order)), given(std::move(starts)));
}

void gather(const Codes& codes, const Array<std::uint32_t>& order,
            const Array<std::uint32_t>& starts, Codes out, int threads) {
    const std::size_t words = codes.shape(1), distinct = starts.size() - 1;
    require(static_cast<std::size_t>(out.shape(0)) == distinct && out.shape(1) == codes.shape(1),
            "one row for each distinct code");
    std::uint64_t* to = out.mutable_data();
    const std::uint64_t* from = codes.data();
    const auto row = [&, at = order.data(), first = starts.data()](std::size_t i) {
        return from + std::size_t{at[first[i]]} * words;
    };
    py::gil_scoped_release free;
    in_parts(distinct, threads, [&](std::size_t first, std::size_t last, std::size_t) {
        for (std::size_t i = first; i < last; ++i) {
            if (i + ahead < last) __builtin_prefetch(row(i + ahead));
            std::memcpy(to + i * words, row(i), words * 8);
        }
    });
}

// Bits that hold any position below `count`.
std::uint32_t bits_for(std::size_t count) {
    std::uint32_t bits = 1;
    while (count > std::size_t{1} << bits) ++bits;
    return bits;
}

// A table's place in the code and in its lines, checked.
Table table_at(const Codes& codes, const py::tuple& spec) {
    Table table{};
    table.start = spec[0].cast<std::uint32_t>();
    table.bits = spec[1].cast<std::uint32_t>();
    table.low = spec[2].cast<std::uint32_t>();
    table.check_start = spec[4].cast<std::uint32_t>();
    table.check_bits = spec[5].cast<std::uint32_t>();
    check_key(codes.shape(1), table.start, table.bits);
    if (table.check_bits) check_key(codes.shape(1), table.check_start, table.check_bits);
    require(table.low < 6 && table.low < table.bits, "up to five low bits share a line");
    const auto count = static_cast<std::size_t>(codes.shape(0));
    require(count < std::size_t{1} << 31, "one segment holds fewer than 2^31 codes");
    table.tag_bits = most_tag_bits - (std::max(bits_for(count), position_bits) - position_bits);
    require(table.low + table.check_bits <= table.tag_bits,
            "an entry has 40 bits for its position and 16 or fewer low and checked bits");
    return table;
}

std::size_t lines_of(const Table& table) { return std::size_t{1} << (table.bits - table.low); }

// In memory that begins where a line of the cache does.
struct alignas(64) Line {
    std::uint32_t words[line_words];
};

// Fills a table's lines and what spills over from them. The entries are dealt out first, to groups of
// lines that stay in the nearer caches.
class Filling {
  public:
    // `entries` is room for `count`.
    Filling(const Table& table, const std::uint64_t* rows, std::size_t count, std::size_t words,
            std::uint64_t* entries, std::uint32_t* lines)
        : table_(table), rows_(rows), count_(count), words_(words), entries_(entries),
          lines_(lines), line_bits_(table.bits - table.low),
          group_bits_(std::min(std::max(line_bits_, group_lines) - group_lines, most_group_bits)),
          bits_inside_(line_bits_ - group_bits_), key_(words, table.start, table.bits),
          check_(words, table.check_start, table.check_bits) {}

    std::vector<Line> fill() {
        deal_out();
        for (std::size_t group = 0; group + 1 < starts_.size(); ++group)
            fill_group(group << bits_inside_, entries_ + starts_[group],
                       entries_ + starts_[group + 1]);
        require(spill_.size() < std::size_t{1} << (32 - header_bits), "too many lines spill over");
        return std::move(spill_);
    }

  private:
    // An entry on its way: its line in the group, its tag, its position.
    static constexpr std::uint32_t position_room = 31, line_at = position_room + most_tag_bits;
    // As a power of two: the lines of a group, and how many groups can be written to at once.
    static constexpr std::uint32_t group_lines = 12, most_group_bits = 11;

    const std::uint64_t* row(std::size_t i) const { return rows_ + i * words_; }

    void deal_out() {
        starts_.resize((std::size_t{1} << group_bits_) + 1);
        for (std::size_t i = 0; i < count_; ++i)
            ++starts_[(spread(key_.of(row(i)) >> table_.low) >> bits_inside_) + 1];
        std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
        std::vector<std::size_t> next(starts_.begin(), starts_.end() - 1);
        const std::uint32_t low = (1u << table_.low) - 1, inside = (1u << bits_inside_) - 1;
        for (std::size_t i = 0; i < count_; ++i) {
            const std::uint32_t key = key_.of(row(i)), line = spread(key >> table_.low);
            const std::uint64_t tag = check_.of(row(i)) << table_.low | (key & low) |
                                      i >> position_bits << table_.tag_bits;
            entries_[next[line >> bits_inside_]++] =
                std::uint64_t{line & inside} << line_at | tag << position_room | i;
        }
    }

    void fill_group(std::size_t first_line, const std::uint64_t* from, const std::uint64_t* to) {
        std::vector<std::uint32_t> held(std::size_t{1} << bits_inside_);
        for (const std::uint64_t* entry = from; entry < to; ++entry) ++held[*entry >> line_at];
        std::uint32_t* lines = lines_ + first_line * line_words;
        for (std::size_t line = 0; line < held.size(); ++line) {
            lines[line * line_words] = head_of(held[line]);
            held[line] = 0;
        }
        for (const std::uint64_t* entry = from; entry < to; ++entry) {
            const std::size_t line = *entry >> line_at;
            put(lines + line * line_words, held[line]++, *entry);
        }
    }

    // The head of a line with so many entries; makes room for those that spill over.
    std::uint32_t head_of(std::uint32_t held) {
        if (held <= line_entries) return held;
        const auto at = static_cast<std::uint32_t>(spill_.size() + 1);
        for (std::uint32_t over = held - line_entries; over;) {
            const std::uint32_t here = std::min(over, line_entries);
            over -= here;
            const std::uint32_t follow = (over + line_entries - 1) / line_entries;
            spill_.push_back({{here | follow << header_bits}});
        }
        return line_entries | at << header_bits;
    }

    void put(std::uint32_t* line, std::uint32_t rank, std::uint64_t entry) {
        if (rank >= line_entries)
            line = spill_[(line[0] >> header_bits) + rank / line_entries - 2].words;
        const std::uint32_t slot = rank % line_entries;
        auto* bytes = reinterpret_cast<char*>(line);
        const auto tag = static_cast<std::uint16_t>(entry >> position_room);
        const auto position = static_cast<std::uint32_t>(entry);
        std::memcpy(bytes + tags_at + 2 * slot, &tag, sizeof tag);
        std::memcpy(bytes + positions_at + position_bytes * slot, &position, position_bytes);
    }

    const Table& table_;
    const std::uint64_t* rows_;
    std::size_t count_, words_;
    std::uint64_t* entries_;
    std::uint32_t* lines_;
    std::uint32_t line_bits_, group_bits_, bits_inside_;
    Field key_, check_;
    std::vector<std::size_t> starts_;
    std::vector<Line> spill_;
};

// Fills the lines of a table (see kernels.hpp) and gives what spilled over. `room` is for as many
// words as there are codes.
py::array_t<std::uint32_t> fill_table(const Codes& codes, const py::tuple& spec,
                                      Array<std::uint32_t> lines, Array<std::uint64_t> room) {
    const Table table = table_at(codes, spec);
    require(static_cast<std::size_t>(lines.size()) == lines_of(table) * line_words,
            "a table has a line for each key without its low bits");
    require(room.size() >= codes.shape(0), "room for a word for each code");
    std::uint32_t* out = lines.mutable_data();
    std::uint64_t* entries = room.mutable_data();
    std::vector<Line> spill;
    {
        py::gil_scoped_release free;
        spill =
            Filling(table, codes.data(), codes.shape(0), codes.shape(1), entries, out).fill();
    }
    return given<Line, std::uint32_t>(std::move(spill));
}

// The lines that hold all keys of `bits` bits with at most `flips` ones, in numeric order.
std::vector<Mask> masks_of(std::uint32_t bits, std::uint32_t low, int flips) {
    const std::uint32_t high_bits = bits - low;
    std::vector<std::uint32_t> found{0}, last{0};
    for (int flip = 0; flip < flips; ++flip) {
        std::vector<std::uint32_t> next;
        for (std::uint32_t mask : last) {
            const std::uint32_t above =
                mask ? 32 - static_cast<std::uint32_t>(__builtin_clz(mask)) : 0;
            for (std::uint32_t bit = above; bit < high_bits; ++bit)
                next.push_back(mask | std::uint32_t{1} << bit);
        }
        found.insert(found.end(), next.begin(), next.end());
        last = std::move(next);
    }
    std::sort(found.begin(), found.end());
    std::vector<Mask> masks;
    for (std::uint32_t high : found)
        masks.push_back({spread(high), static_cast<std::uint32_t>(__builtin_popcount(high))});
    return masks;
}

struct Found {
    std::vector<std::uint32_t> positions;
    std::vector<std::uint16_t> distances;
    Hits hits{};

    Found() {
        positions.resize(64);
        distances.resize(64);
        attach();
        hits.count = 0;
        hits.owner = this;
        hits.grow = [](Hits& h) {
            auto* self = static_cast<Found*>(h.owner);
            self->positions.resize(self->positions.size() * 2);
            self->distances.resize(self->distances.size() * 2);
            self->attach();
        };
    }
    Found(const Found&) = delete;
    Found& operator=(const Found&) = delete;
    void attach() {
        hits.positions = positions.data();
        hits.distances = distances.data();
        hits.capacity = positions.size();
    }
};

struct Plan {
    std::vector<Probe> probes;
    std::vector<Chunk> chunks;
};

class RadiusTables {
  public:
    RadiusTables(Codes codes, const py::list& tables, unsigned radius, const std::string& kernels)
        : codes_(std::move(codes)), radius_(radius) {
        require(codes_.ndim() == 2, "codes are rows of words");
        words_ = static_cast<std::size_t>(codes_.shape(1));
        slot_ = slot_of(codes_.shape(1));
        count_ = static_cast<std::size_t>(codes_.shape(0));
        kernels_ = &kernels_for(kernels);
        for (const auto& item : tables) add_table(item.cast<py::tuple>());
        check_ring();
        unsigned covered = 0;
        for (int flips : flips_) covered += static_cast<unsigned>(flips) + 1;
        require(tables_.empty() || covered >= radius + 1,
                "the tables do not cover the radius: sum(flips + 1) must exceed it");
        plan_ = std::make_shared<const Plan>(plan_for(radius));
    }

    py::tuple search(const Codes& queries, unsigned radius, int threads, bool scan) const {
        require(queries.ndim() == 2 && queries.shape(1) == codes_.shape(1),
                "queries have as many words as codes");
        const std::size_t asked = queries.shape(0);
        const std::uint64_t* rows = queries.data();
        std::vector<std::int64_t> splits(asked + 1, 0);
        std::vector<std::uint32_t> positions;
        std::vector<std::uint16_t> distances;
        std::size_t scanned = 0;
        {
            py::gil_scoped_release free;
            const std::size_t parts = static_cast<std::size_t>(std::max(threads, 1));
            std::vector<Found> found(parts);
            std::vector<std::size_t> scans(parts, 0);
            const std::shared_ptr<const Plan> plan = scan ? nullptr : plan_within(radius);
            in_parts(asked, threads, [&](std::size_t first, std::size_t last, std::size_t part) {
                scans[part] = search_some(rows, first, last, radius, plan, found[part], splits);
            });
            for (std::size_t i = 0; i < asked; ++i) splits[i + 1] += splits[i];
            positions.reserve(static_cast<std::size_t>(splits[asked]));
            distances.reserve(static_cast<std::size_t>(splits[asked]));
            for (std::size_t part = 0; part < parts; ++part) {
                const Found& f = found[part];
                positions.insert(positions.end(), f.positions.begin(),
                                 f.positions.begin() + static_cast<std::ptrdiff_t>(f.hits.count));
                distances.insert(distances.end(), f.distances.begin(),
                                 f.distances.begin() + static_cast<std::ptrdiff_t>(f.hits.count));
                scanned += scans[part];
            }
        }
        return py::make_tuple(given(std::move(splits)), given(std::move(positions)),
                              given(std::move(distances)), scanned);
    }

    // Pairs of position and distance for one query of whole words, in no order.
    py::list near(const py::bytes& query, unsigned radius) const {
        const std::string_view value = query;
        require(value.size() == words_ * 8, "the query has as many words as the codes");
        std::uint64_t words[8];
        std::memcpy(words, value.data(), value.size());
        Found found;
        {
            py::gil_scoped_release free;
            std::vector<std::int64_t> splits(2);
            search_some(words, 0, 1, radius, plan_within(radius), found, splits);
        }
        py::list pairs;
        for (std::size_t i = 0; i < found.hits.count; ++i)
            pairs.append(py::make_tuple(found.positions[i], found.distances[i]));
        return pairs;
    }

    std::string kernels() const { return kernels_->name; }

  private:
    void add_table(const py::tuple& item) {
        Table table = table_at(codes_, item);
        const int flips = item[3].cast<int>();
        require(flips >= 0 && flips <= 4, "a table is probed at 0 to 4 flips");
        auto lines = item[6].cast<Array<std::uint32_t>>();
        auto spill = item[7].cast<Array<std::uint32_t>>();
        require(static_cast<std::size_t>(lines.size()) == lines_of(table) * line_words,
                "a table has a line for each key without its low bits");
        require(spill.size() % line_words == 0, "what spills over stands in lines");
        table.lines = lines.data();
        table.spill = spill.data();
        table.spill_lines = static_cast<std::uint32_t>(spill.size() / line_words);
        tables_.push_back(table);
        kept_.push_back(lines);
        kept_.push_back(spill);
        flips_.push_back(flips);
        for (int f = 0; f <= flips; ++f) {
            auto& masks = masks_[{table.bits * 8 + table.low, f}];
            if (masks.empty()) masks = masks_of(table.bits, table.low, f);
        }
    }

    // The checked bits of a table lie in the key of the next one, the first after the last; without
    // that the proof in layout.py does not hold.
    void check_ring() const {
        for (std::size_t i = 0; i < tables_.size(); ++i) {
            const Table &table = tables_[i], &next = tables_[(i + 1) % tables_.size()];
            require(table.check_bits == 0 ||
                        (tables_.size() > 1 && table.check_start >= next.start &&
                         table.check_start + table.check_bits <= next.start + next.bits),
                    "the checked bits of a table lie in the key of the next");
        }
    }

    // A smaller radius needs fewer probes: take flips from the tables with the most.
    Plan plan_for(unsigned radius) const {
        std::vector<int> flips = flips_;
        unsigned covered = 0;
        for (int f : flips) covered += static_cast<unsigned>(f + 1);
        while (covered > radius + 1) {
            auto most = std::max_element(flips.begin(), flips.end());
            if (*most < 0) break;
            --*most;
            --covered;
        }
        Plan plan;
        for (std::size_t i = 0; i < tables_.size(); ++i) {
            if (flips[i] < 0) {
                plan.probes.push_back({nullptr, 0, -1, -1});
                continue;
            }
            const auto& masks = masks_.at({tables_[i].bits * 8 + tables_[i].low, flips[i]});
            const auto count = static_cast<std::uint32_t>(masks.size());
            const int both = flips[i] + flips[(i + 1) % flips.size()] + 1;
            plan.probes.push_back({masks.data(), count, flips[i], both});
            for (std::uint32_t first = 0; first < count; first += chunk_size)
                plan.chunks.push_back(
                    {static_cast<int>(i), first, std::min(chunk_size, count - first)});
        }
        return plan;
    }

    // None where only a scan finds everything.
    std::shared_ptr<const Plan> plan_within(unsigned radius) const {
        if (tables_.empty() || radius > radius_) return nullptr;
        return radius == radius_ ? plan_ : std::make_shared<const Plan>(plan_for(radius));
    }

    // Gives how many queries were answered by a scan.
    std::size_t search_some(const std::uint64_t* rows, std::size_t first, std::size_t last,
                            unsigned radius, const std::shared_ptr<const Plan>& plan, Found& found,
                            std::vector<std::int64_t>& splits) const {
        if (plan) return search_part(rows, first, last, radius, *plan, found, splits);
        scan_all(rows, first, last, radius, found, splits);
        return last - first;
    }

    std::size_t search_part(const std::uint64_t* rows, std::size_t first, std::size_t last,
                            unsigned radius, const Plan& plan, Found& found,
                            std::vector<std::int64_t>& splits) const {
        const std::unique_ptr<Slot[]> slots(new Slot[slot_count]);  // not cleared: a page and more
        // A candidate or a line that spilled over costs about as much as five codes of a scan.
        const std::uint64_t budget = count_ / 5 + 64;
        std::size_t scans = 0;
        for (std::size_t i = first; i < last; ++i) {
            const std::size_t before = found.hits.count;
            const std::uint64_t* query = rows + i * words_;
            const Outcome outcome = kernels_->search[slot_](
                codes_.data(), count_, tables_.data(), plan.probes.data(), plan.chunks.data(),
                static_cast<int>(plan.chunks.size()), query, radius, budget, slots.get(), found.hits);
            if (outcome == Outcome::damaged)
                throw std::runtime_error("the index is damaged: a table points outside of it");
            if (outcome == Outcome::too_many_candidates) {
                found.hits.count = before;
                kernels_->scan[slot_](codes_.data(), 0, count_, query, radius, found.hits);
                ++scans;
            }
            splits[i + 1] = static_cast<std::int64_t>(found.hits.count - before);
        }
        return scans;
    }

    // Blocks that stay in the cache meet all queries before the next block is read.
    void scan_all(const std::uint64_t* rows, std::size_t first, std::size_t last, unsigned radius,
                  Found& out, std::vector<std::int64_t>& splits) const {
        if (last - first == 1) {
            kernels_->scan[slot_](codes_.data(), 0, count_, rows + first * words_, radius,
                                  out.hits);
            splits[first + 1] = static_cast<std::int64_t>(out.hits.count);
            return;
        }
        const std::size_t block = (std::size_t{256} << 10) / (words_ * 8);
        std::vector<std::unique_ptr<Found>> found;
        for (std::size_t i = first; i < last; ++i) found.push_back(std::make_unique<Found>());
        for (std::size_t from = 0; from < count_; from += block)
            for (std::size_t i = first; i < last; ++i)
                kernels_->scan[slot_](codes_.data(), from, std::min(block, count_ - from),
                                      rows + i * words_, radius, found[i - first]->hits);
        for (std::size_t i = first; i < last; ++i) {
            const Hits& hits = found[i - first]->hits;
            splits[i + 1] = static_cast<std::int64_t>(hits.count);
            for (std::size_t k = 0; k < hits.count; ++k) {
                if (out.hits.count == out.hits.capacity) out.hits.grow(out.hits);
                out.hits.positions[out.hits.count] = hits.positions[k];
                out.hits.distances[out.hits.count++] = hits.distances[k];
            }
        }
    }

    Codes codes_;
    std::vector<py::object> kept_;
    std::vector<Table> tables_;
    std::vector<int> flips_;
    std::map<std::pair<std::uint32_t, int>, std::vector<Mask>> masks_;
    std::size_t words_ = 4, count_ = 0;
    int slot_ = 2;
    unsigned radius_;
    std::shared_ptr<const Plan> plan_;  // for the whole radius
    const Kernels* kernels_;
};

}  // namespace

void bind_radius(py::module_& module) {
    module.attr("LINE_WORDS") = line_words;
    module.def("arrange", &arrange, py::arg("codes"), py::arg("bits"), py::arg("threads") = 1);
    module.def("gather", &gather, py::arg("codes").noconvert(), py::arg("order").noconvert(),
               py::arg("starts").noconvert(), py::arg("out").noconvert(), py::arg("threads") = 1);
    module.def("fill_table", &fill_table, py::arg("codes").noconvert(), py::arg("spec"),
               py::arg("lines").noconvert(), py::arg("room").noconvert());
    module.def("kernels", [] {
        py::list names;
        for (const char* name : {"plain", "avx2", "avx512"})
            if (kernels_named(name)) names.append(name);
        return names;
    });
    py::class_<RadiusTables>(module, "RadiusTables")
        .def(py::init<Codes, const py::list&, unsigned, const std::string&>(),
             py::arg("codes").noconvert(), py::arg("tables"), py::arg("radius"),
             py::arg("kernels") = "")
        .def("search", &RadiusTables::search, py::arg("queries").noconvert(), py::arg("radius"),
             py::arg("threads") = 1, py::arg("scan") = false)
        .def("near", &RadiusTables::near, py::arg("query"), py::arg("radius"))
        .def_property_readonly("kernels", &RadiusTables::kernels);
}

}  // namespace breakwater
