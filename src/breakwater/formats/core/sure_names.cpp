// Keeps the names against which surely nothing is, and leaves every other line to whoever asks.
#include <unordered_map>

#include "core.hpp"
#include "line.hpp"
#include "punycode.hpp"

namespace breakwater {
namespace {

constexpr std::size_t MEMORY = 100'000;
constexpr char32_t NO_LETTER = 0;

enum class Standing : char { clear, owned, asked };

// Whether an owner's own label looks as if more had been meant.
bool is_mistyped(std::string_view name) {
    const std::string_view label = name.substr(0, name.find('.'));
    return label.size() == 1 || label.substr(0, 3) == "www";
}

// One code point at the beginning of UTF-8; NO_LETTER where it is not well-formed (RFC 3629).
char32_t take_code(std::string_view& text) {
    const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = octet(0);
    const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if ((first >= 0x80 && first < 0xC2) || first > 0xF4 || text.size() < size) return NO_LETTER;
    char32_t code = size == 1 ? first : first & (0xFFu >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        if ((octet(i) & 0xC0) != 0x80) return NO_LETTER;
        code = code << 6 | (octet(i) & 0x3Fu);
    }
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[size] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return NO_LETTER;
    text.remove_prefix(size);
    return code;
}

class SureNames {
public:
    SureNames(py::set names, py::object named, py::object asked, py::object letter, py::object odd,
              std::size_t longest_label, std::size_t longest)
        : names_(std::move(names)),
          named_(std::move(named)),
          asked_(std::move(asked)),
          letter_(std::move(letter)),
          odd_(std::move(odd)),
          longest_label_(longest_label),
          longest_(longest) {}

    // Lines, lines that ask for nothing, names kept, and (place, line) of all others.
    py::tuple take(const py::bytes& block) {
        std::string_view text = block;
        std::size_t lines = 0, nothing = 0, kept = 0;
        py::list again;
        for (bool more = true; more; ++lines) {
            const std::size_t end = text.find('\n');
            const std::string_view line = text.substr(0, end);
            more = end != std::string_view::npos;
            if (more) text.remove_prefix(end + 1);
            const Line found = read_line(line);
            if (found.kind == Kind::nothing) {
                ++nothing;
            } else if (found.kind == Kind::name && write(found) && keep()) {
                ++kept;
            } else {
                again.append(py::make_tuple(lines, py::bytes(line.data(), line.size())));
            }
        }
        return py::make_tuple(lines, nothing, kept, again);
    }

    // Whether a name in its normal form has to be asked about.
    bool asks(std::string_view name) {
        return must_ask(name) || holds(named_, text_of(name));
    }

private:
    bool keep() {
        if (must_ask(name_)) return false;
        const py::str text = text_of(name_);
        if (holds(named_, text)) return false;
        if (PySet_Add(names_.ptr(), text.ptr()) != 0) throw py::error_already_set();
        return true;
    }

    bool must_ask(std::string_view name) {
        const std::string_view upper = above(name);
        const Standing standing = upper.empty() ? Standing::clear : standing_of(upper);
        return standing == Standing::asked || (standing == Standing::owned && is_mistyped(name));
    }

    // What a name means for the ones below it.
    Standing standing_of(std::string_view name) {
        key_.assign(name);
        if (const auto known = standings_.find(key_); known != standings_.end())
            return known->second;
        const py::str text = text_of(name);
        Standing found = Standing::clear;
        if (must_ask(name) || holds(asked_, text))
            found = Standing::asked;
        else if (above(name).empty() || holds(named_, text))
            found = Standing::owned;
        if (standings_.size() >= MEMORY) standings_.clear();
        return standings_[std::string(name)] = found;
    }

    // Writes the name in its normal form; false where that is not sure.
    bool write(const Line& line) {
        name_.clear();
        std::string_view rest = line.name;
        while (true) {
            const std::size_t dot = rest.find('.'), begin = name_.size();
            if (!write_label(rest.substr(0, dot), line.is_ascii)) return false;
            if (name_.size() - begin > longest_label_ || name_.size() > longest_) return false;
            if (dot == std::string_view::npos) return true;
            name_ += '.';
            rest.remove_prefix(dot + 1);
        }
    }

    bool write_label(std::string_view label, bool is_ascii) {
        const std::size_t begin = name_.size();
        for (const char c : label) {
            if (!is_ascii && static_cast<unsigned char>(c) >= 0x80) {
                name_.resize(begin);
                return write_letters(label);
            }
            name_ += static_cast<char>(lower(static_cast<unsigned char>(c)));
        }
        // An A-label has to be decoded before anybody can say anything about it.
        return name_.find("xn--", begin) == std::string::npos;
    }

    bool write_letters(std::string_view label) {
        label_.clear();
        while (!label.empty()) {
            const char32_t code = take_code(label);
            const char32_t letter = code < 0x80 ? lower(code) : letter_of(code);
            if (letter == NO_LETTER) return false;
            label_ += letter;
        }
        if (label_.size() > longest_label_ || label_.find(U"--") != std::u32string::npos)
            return false;
        if (py::cast<bool>(odd_(text_of(label_)))) return false;
        name_ += "xn--";
        write_punycode(label_, name_);
        return true;
    }

    static char32_t lower(char32_t c) { return c >= U'A' && c <= U'Z' ? c + (U'a' - U'A') : c; }

    char32_t letter_of(char32_t code) {
        if (const auto known = letters_.find(code); known != letters_.end()) return known->second;
        const auto said = letter_(text_of(std::u32string_view(&code, 1))).cast<std::u32string>();
        return letters_[code] = said.empty() ? NO_LETTER : said.front();
    }

    py::set names_;
    py::object named_, asked_, letter_, odd_;
    std::size_t longest_label_, longest_;
    std::unordered_map<std::string, Standing> standings_;
    std::unordered_map<char32_t, char32_t> letters_;
    std::string name_, key_;
    std::u32string label_;
};

}  // namespace

void bind_sure_names(py::module_& module) {
    py::class_<SureNames>(module, "SureNames")
        .def(py::init<py::set, py::object, py::object, py::object, py::object, std::size_t,
                      std::size_t>(),
             py::arg("names"), py::kw_only(), py::arg("named"), py::arg("asked"), py::arg("letter"),
             py::arg("odd"), py::arg("longest_label"), py::arg("longest"))
        .def("take", &SureNames::take)
        .def("asks", &SureNames::asks);
}

}  // namespace breakwater
