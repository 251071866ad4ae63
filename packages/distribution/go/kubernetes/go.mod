module evenkeel.dev/kubernetes

go 1.26.8

// Only the root of the module: what a minor needs stands in its own file, given to go by -modfile.
