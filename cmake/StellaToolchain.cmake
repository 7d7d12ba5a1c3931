# Warnings, sanitizers, linker, compiler cache.
set(STELLA_SANITIZE "" CACHE STRING "Sanitizers to build with, as for -fsanitize=")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

add_library(stella_options INTERFACE)
target_compile_options(stella_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fno-semantic-interposition
  -ffunction-sections -fdata-sections)
target_link_options(stella_options INTERFACE -Wl,--as-needed -Wl,--gc-sections)

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(CMAKE_CXX_FLAGS_DEBUG "-Og -g1 -D_GLIBCXX_ASSERTIONS")
endif()
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1 -D_GLIBCXX_ASSERTIONS")

if(STELLA_SANITIZE)
  add_compile_options(-fsanitize=${STELLA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${STELLA_SANITIZE})
endif()
if(STELLA_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(STELLA_CCACHE ccache)
if(STELLA_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${STELLA_CCACHE}")
endif()
find_program(STELLA_MOLD mold)
if(STELLA_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
