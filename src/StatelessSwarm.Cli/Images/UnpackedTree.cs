using StatelessSwarm.Cli.Tools;

namespace StatelessSwarm.Cli.Images;

/// <summary>A directory into which somebody's root file system was unpacked for a while.</summary>
internal static class UnpackedTree
{
    /// <summary>Removes it, if it is there, by rm(1): names may be of any bytes, and .NET removes only what is UTF-8.</summary>
    public static async Task RemoveAsync(string directory, ToolLocator tools)
    {
        if (!Directory.Exists(directory))
            return;
        // Also when the work was cancelled.
        await new ToolRun { Program = tools.Find("rm", "coreutils"), Arguments = ["-rf", "--one-file-system", "--", directory] }.RunAsync(CancellationToken.None);
    }
}
