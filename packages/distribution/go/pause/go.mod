// No module but Go's own library: there is no minor to pin, and no .sum beside it.
module evenkeel.dev/pause

go 1.26.0
