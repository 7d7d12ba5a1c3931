# cmake --install: the program; and the libraries stella::delta-scanner and stella::delta-verify, with headers, CMake and
# pkg-config files.
# cpack: both as .deb packages, `stella` and `stella-dev`.
include(CMakePackageConfigHelpers)

set(scanner_floors base object oci chunk artifact executable delta)
foreach(floor IN LISTS scanner_floors ITEMS attestation)
  if(NOT TARGET stella_${floor})
    return()
  endif()
endforeach()

add_library(stella_delta-scanner INTERFACE)
add_library(stella::delta-scanner ALIAS stella_delta-scanner)
set_target_properties(stella_delta-scanner PROPERTIES EXPORT_NAME delta-scanner)
set(scanner_targets stella_delta-scanner)
set(scanner_archives "")
foreach(floor IN LISTS scanner_floors)
  target_link_libraries(stella_delta-scanner INTERFACE stella_${floor})
  list(APPEND scanner_targets stella_${floor})
  string(PREPEND scanner_archives "-lstella_${floor} ")  # a floor before those that it uses
  install(DIRECTORY src/${floor}/include/stella DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT dev)
endforeach()
target_compile_features(stella_delta-scanner INTERFACE cxx_std_23)

set(verify_floors crypto statement tlog attestation)
add_library(stella_delta-verify INTERFACE)
add_library(stella::delta-verify ALIAS stella_delta-verify)
set_target_properties(stella_delta-verify PROPERTIES EXPORT_NAME delta-verify)
list(APPEND scanner_targets stella_delta-verify)
set(verify_archives "-lstella_base")
foreach(floor IN LISTS verify_floors)
  target_link_libraries(stella_delta-verify INTERFACE stella_${floor})
  list(APPEND scanner_targets stella_${floor})
  string(PREPEND verify_archives "-lstella_${floor} ")
  install(DIRECTORY src/${floor}/include/stella DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT dev)
endforeach()
target_compile_features(stella_delta-verify INTERFACE cxx_std_23)

# What the archives need besides each other. The floors link it for the build alone; an installed stella::base, which comes
# last on every link line, names it for all of them.
get_target_property(executable_links stella_executable LINK_LIBRARIES)
string(REGEX MATCHALL "LLVM[A-Za-z0-9]+" scanner_llvm "${executable_links}")
list(APPEND scanner_llvm LLVMSupport)
list(REMOVE_DUPLICATES scanner_llvm)
string(REPLACE "LLVM" "" scanner_llvm_components "${scanner_llvm}")
string(TOLOWER "${scanner_llvm_components}" scanner_llvm_components)
execute_process(COMMAND "${LLVM_TOOLS_BINARY_DIR}/llvm-config" --link-static --libs ${scanner_llvm_components}
                OUTPUT_VARIABLE scanner_llvm_flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)

install(TARGETS ${scanner_targets} EXPORT stella-targets
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT dev)
set(config_folder "${CMAKE_INSTALL_LIBDIR}/cmake/stella")
install(EXPORT stella-targets NAMESPACE stella:: DESTINATION "${config_folder}" COMPONENT dev)
configure_package_config_file(cmake/stella-config.cmake.in "${CMAKE_BINARY_DIR}/stella-config.cmake"
                              INSTALL_DESTINATION "${config_folder}")
write_basic_package_version_file("${CMAKE_BINARY_DIR}/stella-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/stella-config.cmake" "${CMAKE_BINARY_DIR}/stella-config-version.cmake"
        DESTINATION "${config_folder}" COMPONENT dev)
# Wherever it is installed: the way from the .pc file to the prefix.
file(RELATIVE_PATH scanner_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
foreach(library stella-delta-scanner stella-delta-verify)
  configure_file(cmake/${library}.pc.in "${CMAKE_BINARY_DIR}/${library}.pc" @ONLY)
  install(FILES "${CMAKE_BINARY_DIR}/${library}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT dev)
endforeach()

install(TARGETS stella RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT runtime)
install(DIRECTORY schemas/ DESTINATION "${CMAKE_INSTALL_DATADIR}/stella/schemas" COMPONENT runtime)
install(FILES README.md LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT runtime)
install(DIRECTORY docs/ DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT runtime)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME stella)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_CONTACT "Stella Ops <packages@stellaops.dev>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL runtime dev)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME stella)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_DEV_PACKAGE_NAME stella-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS
    "g++ (>= 4:12), libssl-dev, libfmt-dev, liblzma-dev, libzstd-dev, zlib1g-dev, libbz2-dev, libre2-dev, libyaml-cpp-dev, llvm-19-dev")
include(CPack)
