using StatelessSwarm.Testing.Networks;
using StatelessSwarm.Testing.Processes;

namespace StatelessSwarm.Discovery.Tests.Links;

/// <summary>The probe program beside this test's own.</summary>
internal static class ProbeProgram
{
    private const string Name = "StatelessSwarm.Discovery.Probe";

    public static LineProcess Start(NetworkNamespace where, params IEnumerable<string> arguments)
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var path = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", Name, configuration, Name));
        return where.Start(path, arguments);
    }
}
