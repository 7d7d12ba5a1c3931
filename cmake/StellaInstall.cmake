# Filled in by the packaging step: installed targets, CMake and pkg-config files, the .deb.
