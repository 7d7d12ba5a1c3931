# Libraries of Debian 12. Compressors are linked statically, so that a delta depends on this build alone and not on the
# machine that it runs on (ARCHITECTURE.md, rule 2).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)

function(stella_static_library target archive)
  find_library(STELLA_${target} NAMES ${archive} REQUIRED)
  add_library(stella_${target} INTERFACE)
  target_link_libraries(stella_${target} INTERFACE "${STELLA_${target}}")
endfunction()
stella_static_library(zstd libzstd.a)
stella_static_library(lzma liblzma.a)
stella_static_library(yaml libyaml-cpp.a)
stella_static_library(zlib libz.a)
stella_static_library(bzip2 libbz2.a)

# LLVM's headers come in as system headers. Only its leaf libraries are used: BLAKE3 (Support), MC and the demangler.
set(LLVM_DIR /usr/lib/llvm-19/cmake CACHE PATH "Folder with LLVMConfig.cmake")
find_package(LLVM 19.1 REQUIRED CONFIG)
# LLVM names the shared libzstd and zlib. They would come before our archives and take their place.
get_target_property(llvm_needs LLVMSupport INTERFACE_LINK_LIBRARIES)
string(REPLACE "zstd::libzstd_shared" stella_zstd llvm_needs "${llvm_needs}")
string(REPLACE "ZLIB::ZLIB" stella_zlib llvm_needs "${llvm_needs}")
set_target_properties(LLVMSupport PROPERTIES INTERFACE_LINK_LIBRARIES "${llvm_needs}")
add_library(stella_llvm_headers INTERFACE)
target_include_directories(stella_llvm_headers SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})

if(STELLA_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(STELLA_BENCH)
  find_package(benchmark REQUIRED)
endif()
