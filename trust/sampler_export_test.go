package trust

// The generators, for the tests that read JSON and so stand outside the
// package.
var SampleRequests = sampleRequests
