// Why a delta is as large as it is, in sentences that a release engineer can act on.
#pragma once

#include <string>
#include <vector>

#include "stella/operations/delta_inspect.h"

namespace stella::operations {

[[nodiscard]] std::vector<std::string> reasons_of(const DeltaInspectResult& result);

}  // namespace stella::operations
