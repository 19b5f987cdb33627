namespace StatelessSwarm.Node.Booting;

/// <summary>A step of a boot.</summary>
/// <param name="Name">What was done: <c>cache</c>, <c>network</c>, <c>update</c>, <c>mount</c>.</param>
/// <param name="StartMilliseconds">When it began, from the start of the agent.</param>
/// <param name="Milliseconds">How long it took.</param>
public sealed record BootStep(string Name, long StartMilliseconds, long Milliseconds);
