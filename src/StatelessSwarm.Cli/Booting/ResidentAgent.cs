using System.Diagnostics;
using StatelessSwarm.Cli.Booting.Initramfs;
using StatelessSwarm.Platform.Files;
using StatelessSwarm.Platform.Mounts;

namespace StatelessSwarm.Cli.Booting;

/// <summary>
/// The agent that goes on after the hand-over. The initramfs is emptied then, and its mounts move: so it lives in a tree of its
/// own in memory, with the files it needs and its own proc, sys and dev, and the machine's run directory bound into it. Its name
/// begins with '@': systemd leaves such a process alone at the hand-over and at shutdown
/// (systemd.io/ROOT_STORAGE_DAEMONS).
/// </summary>
internal static class ResidentAgent
{
    /// <summary>What the process is called.</summary>
    private const string ProcessName = "@stateless";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    /// <summary>Starts it, and waits until it does not need the initramfs any more.</summary>
    /// <param name="tree">Where its tree goes.</param>
    /// <param name="runDirectory">The machine's run directory; the tree has it at the same place.</param>
    /// <param name="arguments">More arguments.</param>
    /// <param name="time">Clock.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="IOException">It could not be started.</exception>
    public static async Task StartAsync(string tree, string runDirectory, IReadOnlyList<string> arguments, TimeProvider time, CancellationToken cancellation)
    {
        var (files, missing) = AgentFiles.Of(AgentFiles.OwnPath);
        if (missing.Count > 0)
            throw new IOException($"the agent cannot go on: {string.Join(", ", missing)} not found");
        Directory.CreateDirectory(tree);
        FileSystemMount.Mount("stateless", tree, "tmpfs", MountFlags.NoSetUserId | MountFlags.NoDevices, "size=64m,mode=0700");
        foreach (var file in files)
        {
            var target = tree + (file == files[0] ? "/usr/bin/stateless" : file);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        SymbolicLink.Create("stateless", Path.Combine(tree, "usr/bin", ProcessName));
        foreach (var (name, type) in ((string, string)[])[("proc", "proc"), ("sys", "sysfs"), ("dev", "devtmpfs")])
        {
            var target = Path.Combine(tree, name);
            Directory.CreateDirectory(target);
            FileSystemMount.Mount(name, target, type, MountFlags.NoSetUserId | MountFlags.NoExecution);
        }
        foreach (var directory in (ReadOnlySpan<string>)["tmp", "etc"])
            Directory.CreateDirectory(Path.Combine(tree, directory));
        if (File.Exists("/etc/resolv.conf"))
            File.Copy("/etc/resolv.conf", Path.Combine(tree, "etc/resolv.conf"));
        var run = tree + runDirectory;
        Directory.CreateDirectory(run);
        FileSystemMount.Bind(runDirectory, run);

        // a name without a directory is looked up on the path, and becomes the process's own name as it is
        Environment.SetEnvironmentVariable("PATH", Path.Combine(tree, "usr/bin") + ":" + Environment.GetEnvironmentVariable("PATH"));
        var start = new ProcessStartInfo(ProcessName) { ArgumentList = { "boot", "agent", "--root", tree, "--run", runDirectory } };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        File.Delete(ReadyPath(runDirectory));
        using var process = Process.Start(start) ?? throw new IOException("the agent could not be started");
        // until it is in its tree, the hand-over would take its files from under it
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        while (!File.Exists(ReadyPath(runDirectory)))
        {
            if (process.HasExited)
                throw new IOException($"the agent ended with code {process.ExitCode}");
            if (limit.IsCancellationRequested)
                throw new IOException($"the agent was not ready within {Patience.TotalSeconds:0} s");
            await Task.Delay(Poll, time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Where the agent says that it is in its tree: its process id.</summary>
    public static string ReadyPath(string runDirectory) => Path.Combine(runDirectory, "agent.pid");
}
