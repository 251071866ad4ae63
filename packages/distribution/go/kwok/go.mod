// Only the root of the module: what a minor needs stands in its own file, given to go by -modfile.
module evenkeel.dev/kwok
