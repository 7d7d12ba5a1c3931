// Where two JSON values differ.
#pragma once

#include <vector>

#include "stella/base/json.h"
#include "stella/operations/delta_verify.h"

namespace stella::operations {

// Appends the differences below `where`, in canonical order, until there are kDifferencesMax.
void append_differences(const json::Value& expected, const json::Value& found, const std::string& where,
                        std::vector<Difference>& to);

}  // namespace stella::operations
