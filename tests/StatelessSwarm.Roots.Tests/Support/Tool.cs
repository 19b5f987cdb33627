using System.Diagnostics;

namespace StatelessSwarm.Roots.Tests.Support;

/// <summary>Foreign programs: mksquashfs, mkfs.erofs, losetup.</summary>
internal static class Tool
{
    /// <summary>Runs a program to success and gives its standard output.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            }
        )!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: exit {process.ExitCode}: {errors}");
        return await output;
    }
}
