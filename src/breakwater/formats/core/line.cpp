#include "line.hpp"

#include <cstddef>

namespace breakwater {
namespace {

// Octets: fewer than the letters that a line may have, and than what is left of one that was cut.
constexpr std::size_t LONGEST = 9000;

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_beyond(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '_' || is_beyond(c); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 'a' - 'A') : c; }

struct Rest {
    std::string_view text;

    bool empty() const { return text.empty(); }
    bool at(char c) const { return !text.empty() && text.front() == c; }

    bool take(char c) {
        if (!at(c)) return false;
        text.remove_prefix(1);
        return true;
    }

    bool take(std::string_view start) {
        if (text.substr(0, start.size()) != start) return false;
        text.remove_prefix(start.size());
        return true;
    }

    bool begins(std::string_view lower_start) const {
        if (text.size() < lower_start.size()) return false;
        for (std::size_t i = 0; i < lower_start.size(); ++i)
            if (lower(text[i]) != lower_start[i]) return false;
        return true;
    }

    std::size_t take_blanks() {
        std::size_t count = 0;
        while (count < text.size() && is_blank(text[count])) ++count;
        text.remove_prefix(count);
        return count;
    }
};

// The name at the beginning: two labels or more, the last of letters only; empty if there is none.
std::string_view take_name(Rest& rest, bool& is_ascii) {
    const std::string_view text = rest.text;
    std::size_t at = 0, labels = 0;
    while (true) {
        const std::size_t begin = at;
        bool only_letters = true, beyond = false;
        for (; at < text.size(); ++at) {
            const char c = text[at];
            if (c == '-' && at > begin) {
                only_letters = false;
            } else if (is_word(c)) {
                beyond |= is_beyond(c);
                only_letters &= is_letter(c) || is_beyond(c);
            } else {
                break;
            }
        }
        if (at == begin || text[at - 1] == '-') return {};
        ++labels;
        is_ascii &= !beyond;
        if (at + 1 < text.size() && text[at] == '.' && is_word(text[at + 1])) {
            ++at;
            continue;
        }
        if (labels < 2 || !only_letters || (at - begin < 2 && !beyond)) return {};
        rest.text.remove_prefix(at);
        return text.substr(0, at);
    }
}

bool take_hosts_address(Rest& rest) {
    Rest after = rest;
    for (const std::string_view address : {"0.0.0.0", "127.0.0.1", "::1", "::"})
        if (after.take(address)) {
            if (after.take_blanks() == 0) return false;
            rest = after;
            return true;
        }
    return false;
}

bool take_scheme(Rest& rest) {
    for (const std::string_view scheme : {"https://", "http://"})
        if (rest.begins(scheme)) {
            rest.text.remove_prefix(scheme.size());
            return true;
        }
    return false;
}

// What may follow the name in an address of a page, or whether that is not clear.
void take_page(Rest& rest) {
    if (rest.take(':'))
        for (int digits = 0; digits < 5 && !rest.empty() && is_digit(rest.text.front()); ++digits)
            rest.text.remove_prefix(1);
    if (rest.at('/') || rest.at('?') || rest.at('#')) rest.text = {};
}

}  // namespace

Line read_line(std::string_view line) {
    constexpr Line nothing{Kind::nothing, {}, true}, other{Kind::other, {}, true};
    if (line.size() > LONGEST) return other;
    while (!line.empty() && (is_blank(line.back()) || line.back() == '\r')) line.remove_suffix(1);
    Rest rest{line};
    rest.take_blanks();
    if (rest.empty()) return nothing;
    if (rest.at('#') || rest.at('!') || rest.at(';')) return nothing;
    bool is_rule = false, is_page = false;
    if (take_hosts_address(rest)) {
        if (rest.begins("localhost.")) return other;
    } else if (rest.take("||")) {
        is_rule = true;
    } else if (take_scheme(rest)) {
        is_page = true;
    } else if (!rest.take("*.")) {
        rest.take('.');
    }
    bool is_ascii = true;
    const std::string_view name = take_name(rest, is_ascii);
    if (name.empty()) return other;
    rest.take('.');
    if (is_rule) rest.take('^');
    if (is_page) take_page(rest);
    if (!rest.empty() && !(rest.take_blanks() > 0 && rest.at('#'))) return other;
    return {Kind::name, name, is_ascii};
}

}  // namespace breakwater
