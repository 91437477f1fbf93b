// Which names of a set stand below another one.
#include <unordered_map>

#include "core.hpp"

namespace breakwater {
namespace {

constexpr std::size_t MEMORY = 100'000;

class Below {
public:
    explicit Below(const py::set& names) : names_(names) {}

    bool operator()(std::string_view name) {
        const std::string_view upper = above(name);
        return !upper.empty() && is_covered(upper);
    }

private:
    // Whether a name or one above it is of the set, remembered for a while.
    bool is_covered(std::string_view name) {
        key_.assign(name);
        if (const auto known = known_.find(key_); known != known_.end()) return known->second;
        const bool found = holds(names_, text_of(name)) || (*this)(name);
        if (known_.size() >= MEMORY) known_.clear();
        return known_[std::string(name)] = found;
    }

    py::object names_;
    std::unordered_map<std::string, bool> known_;
    std::string key_;
};

}  // namespace

void bind_nesting(py::module_& module) {
    module.def("below", [](const py::set& names) {
        Below below(names);
        py::list found;
        for (const py::handle name : names)
            if (below(letters_of(name))) found.append(name);
        return found;
    });
}

}  // namespace breakwater
