// How far a long piece of work has come. A library reports; the command line draws.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace stella {

// `stage` is a verb phrase such as "matching"; done <= total, in bytes. May be called from any thread; must
// be cheap.
using Progress = std::function<void(std::string_view stage, std::uint64_t done, std::uint64_t total)>;

inline void report_progress(const Progress& progress, std::string_view stage, std::uint64_t done,
                            std::uint64_t total) {
  if (progress) progress(stage, done, total);
}

}  // namespace stella
