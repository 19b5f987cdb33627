namespace StatelessSwarm.Sim.Scenarios;

/// <summary>One thing that happens to one node.</summary>
/// <param name="Kind">What.</param>
/// <param name="Value">Rate in bit/s, where there is one.</param>
internal readonly record struct FaultAction(FaultActionKind Kind, double Value = 0);
