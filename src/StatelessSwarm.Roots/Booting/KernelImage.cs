using System.Buffers.Binary;
using System.Text;

namespace StatelessSwarm.Roots.Booting;

/// <summary>
/// What a kernel says of itself in the header of an x86 bzImage (Linux Documentation/arch/x86/boot.rst): <c>HdrS</c> at 0x202; at 0x20e, 16
/// bits, the place of a text less 0x200: <c>RELEASE (BUILDER) VERSION</c>, what <c>uname -r</c> and <c>uname -v</c> say once it runs.
/// </summary>
public static class KernelImage
{
    private const int HeaderBytes = 0x8000;
    private const int MaxText = 512;

    /// <summary>The text, or null when the file is no such kernel.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string? ReadVersion(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
        var header = new byte[HeaderBytes];
        var count = file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        return ReadVersion(header.AsSpan(0, count));
    }

    /// <summary>True when the running kernel is the one that says <paramref name="version"/>.</summary>
    /// <param name="version">What <see cref="ReadVersion(string)"/> gave.</param>
    /// <param name="runningRelease"><c>uname -r</c>.</param>
    /// <param name="runningVersion"><c>uname -v</c>.</param>
    public static bool IsRunning(string version, string runningRelease, string runningVersion)
    {
        ArgumentNullException.ThrowIfNull(version);
        return version.StartsWith(runningRelease + " ", StringComparison.Ordinal) && version.EndsWith(runningVersion, StringComparison.Ordinal);
    }

    internal static string? ReadVersion(ReadOnlySpan<byte> header)
    {
        if (header.Length < 0x210 || !header[0x202..].StartsWith("HdrS"u8))
            return null;
        var at = 0x200 + BinaryPrimitives.ReadUInt16LittleEndian(header[0x20e..]);
        if (at == 0x200 || at >= header.Length)
            return null;
        var text = header[at..Math.Min(header.Length, at + MaxText)];
        var end = text.IndexOf((byte)0);
        return end > 0 ? Encoding.ASCII.GetString(text[..end]).Trim() : null;
    }
}
