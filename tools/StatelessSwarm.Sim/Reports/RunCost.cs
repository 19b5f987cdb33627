namespace StatelessSwarm.Sim.Reports;

/// <summary>What a run cost the machine it was simulated on.</summary>
/// <param name="WallSeconds">Real time.</param>
/// <param name="CpuSeconds">Processor time.</param>
/// <param name="MemoryMib">Most memory held.</param>
/// <param name="Threads">Sites simulated at a time.</param>
internal sealed record RunCost(double WallSeconds, double CpuSeconds, long MemoryMib, int Threads);
