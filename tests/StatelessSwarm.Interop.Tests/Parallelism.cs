// Most of these tests wait for the timers of another program (Transmission looks at its peers every ten seconds), so more of them
// run side by side than there are processors.
[assembly: Xunit.v3.Parallelization(MaxThreads = 6)]
