namespace StatelessSwarm.Sim.Scenarios;

/// <summary>A scenario that makes no sense: one line with the file, the place in it and what was expected.</summary>
internal sealed class ScenarioException(string message) : Exception(message);
