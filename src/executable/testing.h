// Small programs that the tests compile with the machine's own compiler.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "stella/base/source.h"

namespace stella::executable {

class Workshop {
 public:
  Workshop() {
    std::string name = (std::filesystem::temp_directory_path() / "stella-executable-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Workshop() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }

  // Compiles C into a shared object, or whatever `flags` say.
  std::string compile(const std::string& name, const std::string& source,
                      const std::string& flags = "-O1 -fPIC -shared") const {
    std::ofstream(path(name + ".c")) << source;
    run("cc " + flags + " -o '" + path(name) + "' '" + path(name + ".c") + "' 2>/dev/null");
    return path(name);
  }
  std::string strip(const std::string& name) const {
    run("strip -s -o '" + path(name + ".stripped") + "' '" + path(name) + "'");
    return path(name + ".stripped");
  }
  static void run(const std::string& command) {
    ASSERT_EQ(std::system(command.c_str()), 0) << command;  // NOLINT(concurrency-mt-unsafe): one thread
  }

 private:
  std::filesystem::path folder_;
};

inline std::string output_of(const std::string& command) {
  std::string text;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::array<char, 65536> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe.get()))
    text.append(buffer.data(), count);
  return text;
}

inline std::unique_ptr<ByteSource> open(const std::string& path) {
  auto file = open_file(path);
  EXPECT_TRUE(file) << path;
  return file ? *std::move(file) : nullptr;
}

}  // namespace stella::executable
