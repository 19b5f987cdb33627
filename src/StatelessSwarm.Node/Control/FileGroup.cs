using System.Diagnostics;

namespace StatelessSwarm.Node.Control;

/// <summary>Gives a file to a group by name, by chgrp(1), which knows every source of group names that the machine has.</summary>
internal static class FileGroup
{
    /// <summary>Changes the group.</summary>
    /// <exception cref="IOException">There is no such group, or it is not allowed.</exception>
    public static async Task SetAsync(string path, string group, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("/bin/chgrp") { RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add("--");
        start.ArgumentList.Add(group);
        start.ArgumentList.Add(path);
        using var process = Process.Start(start) ?? throw new IOException($"{path}: chgrp did not start");
        var error = await process.StandardError.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        if (process.ExitCode != 0)
            throw new IOException($"{path}: cannot give it to group {group}: {error.ReplaceLineEndings(" ").Trim()}");
    }
}
