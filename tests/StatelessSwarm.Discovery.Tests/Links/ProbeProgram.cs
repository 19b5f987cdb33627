using StatelessSwarm.Testing.Networks;
using StatelessSwarm.Testing.Processes;

namespace StatelessSwarm.Discovery.Tests.Links;

/// <summary>The probe program beside this test's own.</summary>
internal static class ProbeProgram
{
    private const string Name = "StatelessSwarm.Discovery.Probe";

    public static LineProcess Start(NetworkNamespace where, params IEnumerable<string> arguments) =>
        where.Start(BuiltProgram.PathOf(Name), arguments);
}
