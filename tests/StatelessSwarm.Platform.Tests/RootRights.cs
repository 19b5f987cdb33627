using StatelessSwarm.Platform.Processes;

namespace StatelessSwarm.Platform.Tests;

internal static class RootRights
{
    /// <summary>Mounts cannot be tested without rights: say so instead of passing.</summary>
    public static void Require() =>
        Assert.True(Privileges.MayMount, "this test mounts file systems: run it as root (CAP_SYS_ADMIN)");
}
