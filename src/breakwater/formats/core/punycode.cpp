// The reader of Punycode begins with the ASCII letters and inserts every other one in the order of
// code points. What is written for each is how many steps the reader goes on, counting the places of
// the text once for every code point.
#include "punycode.hpp"

#include <algorithm>
#include <cstdint>

#include "core.hpp"

namespace breakwater {
namespace {

constexpr std::uint64_t BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700;
constexpr std::uint64_t FIRST_BIAS = 72;
constexpr char32_t FIRST_CODE = 0x80;

// Digits of growing weight, the lowest first; the last is the one below its threshold.
void write_number(std::uint64_t value, std::uint64_t bias, std::string& written) {
    constexpr std::string_view digits = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (std::uint64_t weight = BASE;; weight += BASE) {
        const std::uint64_t threshold =
            weight <= bias ? T_MIN : std::clamp(weight - bias, T_MIN, T_MAX);
        if (value < threshold) {
            written += digits[value];
            return;
        }
        value -= threshold;
        written += digits[threshold + value % (BASE - threshold)];
        value /= BASE - threshold;
    }
}

// How long the next number is expected to be (RFC 3492 6.1).
std::uint64_t adapted(std::uint64_t steps, std::uint64_t length, bool first) {
    steps /= first ? DAMP : 2;
    steps += steps / length;
    std::uint64_t weight = 0;
    for (; steps > (BASE - T_MIN) * T_MAX / 2; weight += BASE) steps /= BASE - T_MIN;
    return weight + (BASE - T_MIN + 1) * steps / (steps + SKEW);
}

}  // namespace

void write_punycode(std::u32string_view text, std::string& written) {
    std::uint64_t length = 0;
    for (const char32_t letter : text)
        if (letter < FIRST_CODE) {
            written += static_cast<char>(letter);
            ++length;
        }
    const std::uint64_t plain = length;
    if (plain > 0) written += '-';
    std::uint64_t steps = 0, bias = FIRST_BIAS;
    char32_t code = FIRST_CODE;
    while (length < text.size()) {
        char32_t next = 0x110000;
        for (const char32_t letter : text)
            if (letter >= code) next = std::min(next, letter);
        steps += (next - code) * (length + 1);
        for (const char32_t letter : text) {
            steps += letter < next;
            if (letter != next) continue;
            write_number(steps, bias, written);
            bias = adapted(steps, length + 1, length == plain);
            steps = 0;
            ++length;
        }
        ++steps;
        code = next + 1;
    }
}

void bind_punycode(py::module_& module) {
    module.def("punycode", [](const std::u32string& text) {
        std::string written;
        write_punycode(text, written);
        return written;
    });
}

}  // namespace breakwater
