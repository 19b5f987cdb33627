using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace StatelessSwarm.Architecture.Tests.Samples;

/// <summary>Does everything that some room must not do, so that the rules can be shown to fire. Compiled, never called.</summary>
internal static class Forbidden
{
#pragma warning disable RS0030, SYSLIB1054, CA5392, CA1806, CA2101
    [DllImport("libc", EntryPoint = "getpid")]
    private static extern int GetProcessId();

    public static async Task<object> EverythingAsync(Socket socket, HttpClient client)
    {
        List<object> seen = [];
        seen.Add(GetProcessId());
        seen.Add(await Task.Run(() => socket.Available));
        seen.Add(client.Timeout);
        seen.Add(TimeProvider.System);
        seen.Add(Stopwatch.GetTimestamp());
        seen.Add(DateTime.UtcNow);
        seen.Add(Random.Shared);
        seen.Add(Path.GetTempPath());
        seen.Add(File.Exists("x"));
        return seen;
    }
#pragma warning restore RS0030, SYSLIB1054, CA5392, CA1806, CA2101
}
