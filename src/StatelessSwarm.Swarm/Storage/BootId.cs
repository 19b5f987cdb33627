using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Storage;

/// <summary>16 bytes that change with every boot of the machine.</summary>
internal static class BootId
{
    private const string Path = "/proc/sys/kernel/random/boot_id";

    /// <summary>Hash of the kernel's boot id, cut to 16 bytes; zeros where the kernel tells none.</summary>
    public static byte[] Read()
    {
        try
        {
            return Sha256Digest.HashData(File.ReadAllBytes(Path)).ToArray()[..16];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return new byte[16];
        }
    }
}
