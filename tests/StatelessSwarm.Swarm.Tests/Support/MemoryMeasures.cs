namespace StatelessSwarm.Swarm.Tests.Support;

/// <summary>Tests that measure the whole process: one after the other, when no other test runs.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MemoryMeasures
{
    /// <summary>Name of the collection.</summary>
    public const string Name = "memory measures";
}
