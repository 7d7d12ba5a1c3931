#include "stella/cli/run.h"

int main(int argc, char** argv) { return stella::cli::run(argc, argv); }
