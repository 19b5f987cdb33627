using StatelessSwarm.Roots.Mounting;

namespace StatelessSwarm.Roots.Tests.Support;

internal static class RootRights
{
    /// <summary>Mounts cannot be tested without rights: say so instead of passing.</summary>
    public static void Require() =>
        Assert.True(RootMounter.IsAllowed(out var reason), $"this test mounts file systems: run it as root ({reason})");
}
