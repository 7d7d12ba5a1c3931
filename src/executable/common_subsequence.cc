#include "common_subsequence.h"

#include <algorithm>
#include <optional>

namespace stella::executable {
namespace {

using Index = std::int64_t;

struct Box {
  Index a_begin, a_end, b_begin, b_end;
};

class Search {
 public:
  Search(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b) : a_(a), b_(b) {}

  std::vector<std::pair<std::uint32_t, std::uint32_t>> run() {
    std::vector<Box> open{{0, static_cast<Index>(a_.size()), 0, static_cast<Index>(b_.size())}};
    while (!open.empty()) {
      Box box = open.back();
      open.pop_back();
      while (box.a_begin < box.a_end && box.b_begin < box.b_end && equal(box.a_begin, box.b_begin)) {
        add(box.a_begin++, box.b_begin++);
      }
      while (box.a_begin < box.a_end && box.b_begin < box.b_end && equal(box.a_end - 1, box.b_end - 1)) {
        add(--box.a_end, --box.b_end);
      }
      if (box.a_begin == box.a_end || box.b_begin == box.b_end) continue;
      const auto [x, y] = middle(box);
      const bool progress = (x != box.a_begin || y != box.b_begin) && (x != box.a_end || y != box.b_end);
      if (!progress) continue;
      open.push_back({box.a_begin, x, box.b_begin, y});
      open.push_back({x, box.a_end, y, box.b_end});
    }
    std::ranges::sort(found_);
    return std::move(found_);
  }

 private:
  bool equal(Index i, Index k) const {
    return a_[static_cast<std::size_t>(i)] == b_[static_cast<std::size_t>(k)];
  }
  void add(Index i, Index k) {
    found_.emplace_back(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(k));
  }

  // A point on a shortest path through the box, from both ends at once; after kDifferencesMax steps the point
  // that the path from the beginning has come farthest to.
  std::pair<Index, Index> middle(const Box& box) {
    const Index n = box.a_end - box.a_begin, m = box.b_end - box.b_begin, delta = n - m;
    const Index steps_max = std::min((n + m + 1) / 2, kDifferencesMax);
    const auto width = static_cast<std::size_t>(2 * steps_max + 3);
    const Index origin = steps_max + 1;
    forward_.assign(width, -1);
    backward_.assign(width, -1);
    const auto at = [origin](std::vector<Index>& reach, Index diagonal) -> Index& {
      return reach[static_cast<std::size_t>(origin + diagonal)];
    };
    at(forward_, 1) = 0;
    at(backward_, 1) = 0;
    for (Index d = 0; d <= steps_max; ++d) {
      for (Index k = -d; k <= d; k += 2) {
        Index x = k == -d || (k != d && at(forward_, k - 1) < at(forward_, k + 1)) ? at(forward_, k + 1)
                                                                                   : at(forward_, k - 1) + 1;
        Index y = x - k;
        while (x < n && y < m && y >= 0 && equal(box.a_begin + x, box.b_begin + y)) ++x, ++y;
        at(forward_, k) = x;
        const Index other = delta - k;
        if (delta % 2 != 0 && other >= -(d - 1) && other <= d - 1 && x + at(backward_, other) >= n &&
            y >= 0 && y <= m && x <= n) {
          return {box.a_begin + x, box.b_begin + y};
        }
      }
      for (Index k = -d; k <= d; k += 2) {
        Index x = k == -d || (k != d && at(backward_, k - 1) < at(backward_, k + 1))
                      ? at(backward_, k + 1)
                      : at(backward_, k - 1) + 1;
        Index y = x - k;
        while (x < n && y < m && y >= 0 && equal(box.a_end - 1 - x, box.b_end - 1 - y)) ++x, ++y;
        at(backward_, k) = x;
        const Index other = delta - k;
        if (delta % 2 == 0 && other >= -d && other <= d && x + at(forward_, other) >= n && y >= 0 && y <= m &&
            x <= n) {
          return {box.a_end - x, box.b_end - y};
        }
      }
    }
    Index best_x = 0, best_y = 0;
    for (Index k = -steps_max; k <= steps_max; ++k) {
      const Index x = at(forward_, k), y = x - k;
      if (x < 0 || y < 0 || x > n || y > m) continue;
      if (x + y > best_x + best_y) best_x = x, best_y = y;
    }
    return {box.a_begin + best_x, box.b_begin + best_y};
  }

  std::span<const std::uint64_t> a_;
  std::span<const std::uint64_t> b_;
  std::vector<Index> forward_;
  std::vector<Index> backward_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> found_;
};

}  // namespace

std::vector<std::pair<std::uint32_t, std::uint32_t>> common_subsequence(std::span<const std::uint64_t> a,
                                                                        std::span<const std::uint64_t> b) {
  return Search(a, b).run();
}

}  // namespace stella::executable
