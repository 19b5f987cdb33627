namespace StatelessSwarm.Fuzz.Targets;

/// <summary>Something that must hold for every input did not; the message says what.</summary>
public sealed class BrokenPropertyException(string property) : Exception(property);
