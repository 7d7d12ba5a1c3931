# stella_floor(<name> [USES <floor>…] [LINKS <library>…])
#   One static library of src/<name>/*.cc with the include root src/<name>/include. Only the floors after USES can be
#   included. *_test.cc become <name>_test, with src/<name>/testdata beside them as STELLA_TESTDATA.
function(stella_floor name)
  cmake_parse_arguments(FLOOR "" "" "USES;LINKS;TEST_LINKS" ${ARGN})

  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")

  add_library(stella_${name} STATIC ${sources})
  set_target_properties(stella_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(stella_${name} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(stella_${name} PRIVATE $<BUILD_INTERFACE:stella_options>)
  foreach(used IN LISTS FLOOR_USES)
    target_link_libraries(stella_${name} PUBLIC stella_${used})
  endforeach()
  foreach(library IN LISTS FLOOR_LINKS)
    target_link_libraries(stella_${name} PRIVATE $<BUILD_INTERFACE:${library}>)
  endforeach()

  if(STELLA_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE stella_${name} stella_options GTest::gmock GTest::gtest_main
                                               ${FLOOR_TEST_LINKS})
    target_compile_definitions(${name}_test PRIVATE
      STELLA_TESTDATA="${CMAKE_CURRENT_SOURCE_DIR}/testdata" STELLA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST TEST_PREFIX "${name}." PROPERTIES TIMEOUT 300)
  endif()
endfunction()

# stella_fuzz(<name> USES <floor>…): fuzz/<name>.cc becomes a libFuzzer program under STELLA_FUZZ; otherwise a program
# that replays fuzz/corpus/<name> once, as a test.
function(stella_fuzz name)
  cmake_parse_arguments(FUZZ "" "" "USES;LINKS" ${ARGN})
  set(corpus "${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name}")
  if(STELLA_FUZZ)
    add_executable(fuzz_${name} ${name}.cc)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  elseif(STELLA_TESTS)
    add_executable(fuzz_${name} ${name}.cc replay.cc)
    add_test(NAME fuzz.${name} COMMAND fuzz_${name} ${corpus})
  else()
    return()
  endif()
  target_link_libraries(fuzz_${name} PRIVATE stella_options ${FUZZ_LINKS})
  foreach(used IN LISTS FUZZ_USES)
    target_link_libraries(fuzz_${name} PRIVATE stella_${used})
  endforeach()
endfunction()
