using System.Globalization;

namespace StatelessSwarm.Node.Hosting;

/// <summary>Resident memory of this process, from the kernel.</summary>
internal static class ProcessMemory
{
    /// <summary>Bytes now and at most so far; 0 where the kernel does not say.</summary>
    public static (long Now, long Peak) Read()
    {
        long now = 0;
        long peak = 0;
        foreach (var line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("VmRSS:", StringComparison.Ordinal))
                now = Bytes(line);
            else if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
                peak = Bytes(line);
        }
        return (now, peak);
    }

    // "VmRSS:	   12345 kB"
    private static long Bytes(string line)
    {
        var words = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        return words.Length > 1 && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var kibibytes)
            ? kibibytes * 1024
            : 0;
    }
}
