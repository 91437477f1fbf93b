#include <cstring>
#include <initializer_list>
#include <stdexcept>

#include "arrays.hpp"
#include "kernels.hpp"

namespace breakwater {

namespace {
#if defined(__x86_64__) && defined(__GNUC__)
bool has_avx2() {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("fma") && __builtin_cpu_supports("popcnt");
}
bool has_avx512() {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vpopcntdq");
}
#endif
}  // namespace

const Kernels* kernels_named(const char* name) {
    if (std::strcmp(name, "plain") == 0) return &kernels_plain;
#if defined(__x86_64__) && defined(__GNUC__)
    if (std::strcmp(name, "avx2") == 0 && has_avx2()) return &kernels_avx2;
    if (std::strcmp(name, "avx512") == 0 && has_avx512()) return &kernels_avx512;
#endif
    return nullptr;
}

const Kernels& best_kernels() {
    static const Kernels* const best = [] {
        for (const char* name : {"avx512", "avx2"})
            if (const Kernels* found = kernels_named(name)) return found;
        return &kernels_plain;
    }();
    return *best;
}

const Kernels& kernels_for(const std::string& name) {
    if (name.empty()) return best_kernels();
    if (const Kernels* found = kernels_named(name.c_str())) return *found;
    throw std::invalid_argument("this processor cannot run " + name);
}

}  // namespace breakwater
