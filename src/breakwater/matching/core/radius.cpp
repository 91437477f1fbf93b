// The multi-index: arranging codes, filling tables, and answering queries over them.
#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <numeric>

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

std::uint32_t key_of(const std::uint64_t* code, std::uint32_t start, std::uint32_t bits) {
    const std::uint32_t word = start >> 6, shift = start & 63;
    std::uint64_t value = code[word] >> shift;
    if (shift + bits > 64) value |= code[word + 1] << (64 - shift);
    return static_cast<std::uint32_t>(value & ((std::uint64_t{1} << bits) - 1));
}

void check_key(py::ssize_t words, std::uint32_t start, std::uint32_t bits) {
    require(bits >= 1 && bits <= 28, "a key has 1 to 28 bits");
    require(start + bits <= static_cast<std::uint32_t>(words) * 64, "the key ends in the code");
}

constexpr std::size_t ahead = 24;

// offsets[k] .. offsets[k + 1] bounds the entries with key k; place(i, slot) puts each.
template <typename Place>
void count_and_place(const std::uint64_t* codes, std::size_t count, std::size_t words,
                     std::uint32_t start, std::uint32_t bits, std::uint32_t* offsets,
                     Place place) {
    const std::size_t keys = std::size_t{1} << bits;
    std::memset(offsets, 0, (keys + 1) * sizeof(std::uint32_t));
    const auto key = [&](std::size_t i) { return key_of(codes + i * words, start, bits); };
    for (std::size_t i = 0; i < count; ++i) {
        if (i + ahead < count) __builtin_prefetch(offsets + key(i + ahead) + 1, 1);
        ++offsets[key(i) + 1];
    }
    std::uint32_t sum = 0;
    for (std::size_t k = 1; k <= keys; ++k) {
        const std::uint32_t here = offsets[k];
        offsets[k] = sum;  // the start of key k - 1, moved on by every entry placed
        sum += here;
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (i + ahead < count) __builtin_prefetch(offsets + key(i + ahead) + 1, 1);
        place(i, offsets[key(i) + 1]++);
    }
}

// The order of codes by their first key, equal codes side by side, and where each distinct one
// starts: order[n] and starts[distinct + 1].
py::tuple arrange(const Codes& codes, std::uint32_t start, std::uint32_t bits) {
    require(codes.ndim() == 2, "codes are rows of words");
    const std::size_t count = codes.shape(0), words = codes.shape(1);
    check_key(codes.shape(1), start, bits);
    require(count < 0xFFFFFFFFu, "one segment holds fewer than 2^32 codes");
    std::vector<std::uint32_t> order(count), starts;
    {
        py::gil_scoped_release free;
        const std::uint64_t* rows = codes.data();
        std::vector<std::uint32_t> offsets((std::size_t{1} << bits) + 1);
        count_and_place(rows, count, words, start, bits, offsets.data(),
                        [&](std::size_t i, std::uint32_t slot) {
                            order[slot] = static_cast<std::uint32_t>(i);
                        });
        const auto row = [&](std::uint32_t i) { return rows + std::size_t{i} * words; };
        const auto less = [&](std::uint32_t a, std::uint32_t b) {
            const int sign = std::memcmp(row(a), row(b), words * 8);
            return sign != 0 ? sign < 0 : a < b;
        };
        starts.reserve(count + 1);
        for (std::size_t k = 0; k + 1 < offsets.size(); ++k) {
            const std::uint32_t first = offsets[k], last = offsets[k + 1];
            if (last - first > 1)
                std::sort(order.begin() + first, order.begin() + last, less);
            for (std::uint32_t i = first; i < last; ++i)
                if (i == first || std::memcmp(row(order[i - 1]), row(order[i]), words * 8) != 0)
                    starts.push_back(i);
        }
        starts.push_back(static_cast<std::uint32_t>(count));
    }
    return py::make_tuple(given(std::move(order)), given(std::move(starts)));
}

void gather(const Codes& codes, const Array<std::uint32_t>& order,
            const Array<std::uint32_t>& starts, Codes out) {
    const std::size_t words = codes.shape(1), distinct = starts.size() - 1;
    require(static_cast<std::size_t>(out.shape(0)) == distinct && out.shape(1) == codes.shape(1),
            "one row for each distinct code");
    std::uint64_t* to = out.mutable_data();
    py::gil_scoped_release free;
    const std::uint64_t* from = codes.data();
    for (std::size_t i = 0; i < distinct; ++i) {
        if (i + ahead < distinct)
            __builtin_prefetch(from + std::size_t{order.data()[starts.data()[i + ahead]]} * words);
        std::memcpy(to + i * words, from + std::size_t{order.data()[starts.data()[i]]} * words,
                    words * 8);
    }
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
    table.position_bits = bits_for(count);
    require(table.position_bits + table.low + table.check_bits <= 40 &&
                table.low + table.check_bits <= 32,
            "an entry has 40 bits for position, low bits and checked bits");
    return table;
}

std::size_t lines_of(const Table& table) { return std::size_t{1} << (table.bits - table.low); }

struct Entry {
    std::uint32_t line, position, tag;
};

void put(std::uint32_t* line, std::uint32_t slot, const Table& table, const Entry& entry) {
    line[1 + slot] = (entry.tag >> 8) << table.position_bits | entry.position;
    reinterpret_cast<std::uint8_t*>(line)[tag_byte + slot] = static_cast<std::uint8_t>(entry.tag);
}

// The entries in the order of their lines, those of a line as they came.
std::vector<Entry> by_line(const std::vector<Entry>& entries, std::size_t lines) {
    std::vector<std::uint32_t> next(lines + 1);
    for (const Entry& entry : entries) ++next[entry.line + 1];
    std::partial_sum(next.begin(), next.end(), next.begin());
    std::vector<Entry> sorted(entries.size());
    for (const Entry& entry : entries) sorted[next[entry.line]++] = entry;
    return sorted;
}

// Lines of `over`, which is sorted by line: each group's run of lines says how many follow.
AlignedLines spilled_lines(const std::vector<Entry>& over, const Table& table,
                           std::uint32_t* lines) {
    const auto end_of = [&](std::size_t i) {
        std::size_t end = i;
        while (end < over.size() && over[end].line == over[i].line) ++end;
        return end;
    };
    std::size_t needed = 0;
    for (std::size_t i = 0; i < over.size(); i = end_of(i))
        needed += (end_of(i) - i + line_entries - 1) / line_entries;
    require(needed < std::size_t{1} << (32 - header_bits), "too many lines spill over");
    AlignedLines spill(needed * line_words);
    std::size_t at = 0;
    for (std::size_t i = 0; i < over.size();) {
        const std::size_t end = end_of(i);
        lines[std::size_t{over[i].line} * line_words] |=
            static_cast<std::uint32_t>(at + 1) << header_bits;
        for (; i < end; ++at) {
            std::uint32_t* line = spill.data() + at * line_words;
            const std::size_t left = end - i;
            const auto held = static_cast<std::uint32_t>(std::min<std::size_t>(left, line_entries));
            const std::size_t follow = (left - held + line_entries - 1) / line_entries;
            line[0] = held | static_cast<std::uint32_t>(follow) << header_bits;
            for (std::uint32_t slot = 0; slot < held; ++slot) put(line, slot, table, over[i++]);
        }
    }
    return spill;
}

// Fills the lines of a table (see kernels.hpp) and gives what spilled over.
py::array_t<std::uint32_t> fill_table(const Codes& codes, const py::tuple& spec,
                                      Array<std::uint32_t> lines) {
    const Table table = table_at(codes, spec);
    const std::size_t count = codes.shape(0), words = codes.shape(1);
    require(static_cast<std::size_t>(lines.size()) == lines_of(table) * line_words,
            "a table has a line for each key without its low bits");
    std::uint32_t* out = lines.mutable_data();
    AlignedLines spill;
    {
        py::gil_scoped_release free;
        const std::uint64_t* rows = codes.data();
        std::memset(out, 0, lines_of(table) * line_words * sizeof(std::uint32_t));
        std::vector<Entry> over;
        const std::uint32_t low_mask = (1u << table.low) - 1;
        const auto key = [&](std::size_t i) {
            return key_of(rows + i * words, table.start, table.bits);
        };
        for (std::size_t i = 0; i < count; ++i) {
            if (i + ahead < count)
                __builtin_prefetch(
                    out + std::size_t{spread(key(i + ahead) >> table.low)} * line_words, 1);
            const std::uint32_t check =
                table.check_bits
                    ? key_of(rows + i * words, table.check_start, table.check_bits)
                    : 0;
            const Entry entry{spread(key(i) >> table.low), static_cast<std::uint32_t>(i),
                              check << table.low | (key(i) & low_mask)};
            std::uint32_t* line = out + std::size_t{entry.line} * line_words;
            if (line[0] < line_entries)
                put(line, line[0]++, table, entry);
            else
                over.push_back(entry);
        }
        spill = spilled_lines(by_line(over, lines_of(table)), table, out);
    }
    return std::move(spill).given();
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
        kernels_ = kernels.empty() ? &best_kernels() : kernels_named(kernels.c_str());
        if (!kernels_) throw std::invalid_argument("this processor cannot run " + kernels);
        for (const auto& item : tables) add_table(item.cast<py::tuple>());
        check_ring();
        unsigned covered = 0;
        for (int flips : flips_) covered += static_cast<unsigned>(flips) + 1;
        require(tables_.empty() || covered >= radius + 1,
                "the tables do not cover the radius: sum(flips + 1) must exceed it");
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
            const Plan plan = plan_for(radius);
            in_parts(asked, threads, [&](std::size_t first, std::size_t last, std::size_t part) {
                if (scan || tables_.empty() || radius > radius_) {
                    scan_all(rows, first, last, radius, found[part], splits);
                    scans[part] = last - first;
                } else {
                    scans[part] =
                        search_part(rows, first, last, radius, plan, found[part], splits);
                }
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

    std::size_t search_part(const std::uint64_t* rows, std::size_t first, std::size_t last,
                            unsigned radius, const Plan& plan, Found& found,
                            std::vector<std::int64_t>& splits) const {
        const auto slots = std::make_unique<Slot[]>(slot_count);
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
    const Kernels* kernels_;
};

}  // namespace

void bind_radius(py::module_& module) {
    module.attr("LINE_WORDS") = line_words;
    module.def("arrange", &arrange, py::arg("codes"), py::arg("start"), py::arg("bits"));
    module.def("gather", &gather, py::arg("codes").noconvert(), py::arg("order").noconvert(),
               py::arg("starts").noconvert(), py::arg("out").noconvert());
    module.def("fill_table", &fill_table, py::arg("codes").noconvert(), py::arg("spec"),
               py::arg("lines").noconvert());
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
        .def_property_readonly("kernels", &RadiusTables::kernels);
}

}  // namespace breakwater
