using System.Globalization;

namespace StatelessSwarm.Platform.Processes;

/// <summary>What this process may do.</summary>
public static class Privileges
{
    private const int SystemAdministration = 21;
    private const string StatusPath = "/proc/self/status";

    /// <summary>geteuid(2).</summary>
    public static uint EffectiveUserId => LibC.GetEffectiveUserId();

    /// <summary>True with CAP_SYS_ADMIN among the effective capabilities: mounts and loop devices.</summary>
    public static bool MayMount => HasCapability(File.ReadLines(StatusPath), SystemAdministration);

    /// <summary>Looks for a capability in the lines of a <c>/proc/PID/status</c> (field <c>CapEff</c>, 64-bit hexadecimal mask).</summary>
    internal static bool HasCapability(IEnumerable<string> statusLines, int capability)
    {
        foreach (var line in statusLines)
        {
            if (!line.StartsWith("CapEff:", StringComparison.Ordinal))
                continue;
            return ulong.TryParse(
                    line.AsSpan(7).Trim(),
                    NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture,
                    out var mask
                )
                && (mask >> capability & 1) != 0;
        }
        return false;
    }
}
