// Makes inputs with the programs that people use, in a folder that goes away with the test.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "stella/artifact/contents.h"

namespace stella::artifact::testing {

class Folder {
 public:
  Folder() {
    std::string path = (std::filesystem::temp_directory_path() / "stella_artifact.XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) std::abort();
    path_ = path;
  }
  ~Folder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::filesystem::path path(std::string_view name) const { return path_ / name; }

  void write(const std::string& name, std::string_view bytes) const {
    std::filesystem::create_directories(path(name).parent_path());
    std::ofstream(path(name), std::ios::binary) << bytes;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path(name), std::ios::binary).rdbuf();
    return text.str();
  }

  // Runs a shell command in the folder; its output. Fails the test when the command fails.
  [[nodiscard]] std::string run(const std::string& command) const {
    const std::string output = path(".output").string();
    const std::string line = "cd '" + path_.string() + "' && ( " + command + " ) > '" + output + "' 2>&1";
    EXPECT_EQ(std::system(line.c_str()), 0) << command << "\n" << read(".output");
    return read(".output");
  }
  [[nodiscard]] std::vector<std::string> lines(const std::string& command) const {
    std::istringstream text(run(command));
    std::vector<std::string> result;
    for (std::string line; std::getline(text, line);) result.push_back(line);
    return result;
  }

 private:
  std::filesystem::path path_;
};

inline bool has_program(const std::string& name) {
  return std::system(("command -v " + name + " > /dev/null 2>&1").c_str()) == 0;
}

inline Contents contents_of(const std::filesystem::path& path, const Limits& limits = {}) {
  auto contents = read_contents(path, limits);
  if (!contents) {
    ADD_FAILURE() << to_string(contents.error());
    return {};
  }
  return *std::move(contents);
}
inline Contents contents_of_bytes(std::string_view bytes, const Limits& limits = {}) {
  const auto source = memory_source(as_bytes(bytes), "artifact");
  auto contents = read_contents(*source, limits);
  if (!contents) {
    ADD_FAILURE() << to_string(contents.error());
    return {};
  }
  return *std::move(contents);
}

inline const Member* find(const Contents& contents, std::string_view path) {
  for (const Member& member : contents.members) {
    if (member.path == path) return &member;
  }
  return nullptr;
}

inline std::vector<std::string> paths(const Contents& contents) {
  std::vector<std::string> result;
  for (const Member& member : contents.members) {
    if (!member.path.empty()) result.push_back(member.path);
  }
  return result;
}

inline std::vector<std::string> purls(const Contents& contents) {
  std::vector<std::string> result;
  for (const Component& component : contents.components) result.push_back(component.purl);
  return result;
}

inline std::vector<std::string> keys(const std::vector<MemberChange>& changes) {
  std::vector<std::string> result;
  for (const MemberChange& change : changes) result.push_back(change.key);
  return result;
}

}  // namespace stella::artifact::testing
