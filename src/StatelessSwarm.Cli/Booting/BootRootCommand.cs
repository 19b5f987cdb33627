using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Node.Booting;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Platform.Machine;
using StatelessSwarm.Roots.Booting;

namespace StatelessSwarm.Cli.Booting;

/// <summary><c>stateless boot root</c>: what an initramfs calls to get its root.</summary>
internal static class BootRootCommand
{
    private const string TrustPath = "/etc/stateless/root.mp";
    private const string ConfigurationPath = "/etc/stateless/node.json";
    private const string IdentityPath = "/etc/stateless/identity";
    private const string TokenPath = "/etc/stateless/enrol.token";
    private const string PanicPath = "/proc/sys/kernel/panic";

    /// <summary>Seconds after which a panicked kernel restarts: without, a machine hangs until somebody comes.</summary>
    private const string PanicSeconds = "30";

    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var target = new Option<string>("--target") { Required = true, HelpName = "DIR", Description = "Where the root is mounted." };
        var run = BootCommands.RunOption();
        var line = new Option<string>("--cmdline") { HelpName = "FILE", Description = "File with the kernel's command line.", DefaultValueFactory = _ => "/proc/cmdline" };
        var tree = new Option<string>("--agent-tree") { HelpName = "DIR", Description = "Where the agent that goes on lives.", DefaultValueFactory = _ => "/run/stateless-agent" };
        var command = new ToolCommand(
            "root",
            "In an initramfs: brings the network up, fetches or finds a release, proves it, mounts it. Trust is taken from /etc/stateless/root.mp there.",
            "stateless boot root --target /newroot"
        )
        {
            target,
            run,
            line,
            tree,
        };
        command.SetAction(
            async (result, cancellation) =>
            {
                var (parameters, warnings) = BootParameterReader.Read(KernelCommandLine.Parse(await File.ReadAllTextAsync(result.GetValue(line)!, cancellation)));
                var runDirectory = Path.GetFullPath(result.GetValue(run)!);
                Directory.CreateDirectory(runDirectory);
                foreach (var warning in warnings)
                    context.Terminal.Note(warning);
                RestartOnPanic();
                try
                {
                    await BootAsync(context, parameters, warnings, Path.GetFullPath(result.GetValue(target)!), runDirectory, result.GetValue(tree)!, cancellation);
                }
                catch (BootFailedException fault) when (parameters.OnFailure == BootFailure.Reboot)
                {
                    context.Terminal.Note(string.Create(CultureInfo.InvariantCulture, $"{fault.Message}; restarting in {parameters.FailureDelay.TotalSeconds:0} s"));
                    await Task.Delay(parameters.FailureDelay, context.Time, cancellation);
                    MachineControl.Reboot();
                }
                return (int)ExitCode.Done;
            }
        );
        return command;
    }

    private static async Task BootAsync(
        CommandContext context,
        BootParameters parameters,
        IReadOnlyList<string> warnings,
        string target,
        string runDirectory,
        string tree,
        CancellationToken cancellation
    )
    {
        var uptime = UptimeMilliseconds();
        var settings = new NodeSettings();
        if (File.Exists(ConfigurationPath))
            NodeConfigurationFile.Read(ConfigurationPath, settings);
        var trust = Path.Combine(runDirectory, "root.mp");
        File.Copy(TrustPath, trust, overwrite: true);
        settings.Set("trust", "initramfs", trust);
        TakeIdentity(settings, runDirectory);
        var mount = new BootMountOptions
        {
            Target = target,
            Directory = runDirectory,
            TmpfsLimits = parameters.TmpfsLimits,
            IsUsrReadOnly = parameters.IsUsrReadOnly,
            Verity = parameters.Verity,
            Init = parameters.Init,
        };
        var loggers = parameters.IsVerbose ? LineLoggers.Create(context.Terminal.Error, isVerbose: true, context.Time) : NullLoggerFactory.Instance;
        BootResult booted;
        await using (var machine = new InitramfsMachine(parameters, runDirectory, context.Tools, context.Terminal.Error, context.Time))
            booted = await new BootFlow(parameters, settings, machine, mount, context.Time, loggers).RunAsync(cancellation);

        var record = booted.Record with { AgentStartMilliseconds = uptime, Notes = [.. warnings, .. booted.Record.Notes] };
        var configuration = Path.Combine(runDirectory, "node.json");
        await WriteAsync(configuration, booted.Settings.Write, cancellation);
        await WriteAsync(Path.Combine(runDirectory, BootRecord.FileName), record.Write, cancellation);
        NetworkHandOver.Write(runDirectory, parameters.Address);
        context.Terminal.Note(
            string.Create(
                CultureInfo.InvariantCulture,
                $"root is {record.Product} {record.Release.Version} build {record.Release.Build} sha256:{record.Release.Digest} ({record.Reason}), "
                    + $"{(record.IsVerified ? "verified while it is read" : "not verified while it is read")}, after {UptimeMilliseconds() / 1000.0:0.0} s"
            )
        );
        if (parameters.GoesOnServing)
            await StartAgentAsync(context, parameters, runDirectory, tree, cancellation);
    }

    /// <summary>What the initramfs brings for closed swarms: an identity, which goes on with the agent, or a token to make one with.</summary>
    private static void TakeIdentity(NodeSettings settings, string runDirectory)
    {
        if (Directory.Exists(IdentityPath))
        {
            var directory = Path.Combine(runDirectory, "identity");
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            foreach (var file in Directory.EnumerateFiles(IdentityPath))
                File.Copy(file, Path.Combine(directory, Path.GetFileName(file)), overwrite: true);
            settings.Set("identity", "initramfs", directory);
        }
        else if (File.Exists(TokenPath))
        {
            settings.Set("enrol-token", "initramfs", TokenPath);
        }
    }

    private static async Task StartAgentAsync(CommandContext context, BootParameters parameters, string runDirectory, string tree, CancellationToken cancellation)
    {
        try
        {
            await ResidentAgent.StartAsync(
                tree,
                runDirectory,
                ["--bless-timeout", Duration.Format(parameters.BlessTimeout), "--watchdog", Duration.Format(parameters.Watchdog)],
                context.Time,
                cancellation
            );
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CommandException or System.ComponentModel.Win32Exception)
        {
            // the machine boots all the same; it only does not serve its neighbours from here on
            context.Terminal.Note($"the agent does not go on: {fault.Message}");
        }
    }

    private static async Task WriteAsync(string path, Action<Utf8JsonWriter> content, CancellationToken cancellation)
    {
        using var buffer = new MemoryStream();
        await using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
            content(json);
        await File.WriteAllBytesAsync(path, buffer.ToArray(), cancellation);
    }

    private static void RestartOnPanic()
    {
        if (File.Exists(PanicPath) && File.ReadAllText(PanicPath).Trim() == "0")
            File.WriteAllText(PanicPath, PanicSeconds);
    }

    private static long UptimeMilliseconds()
    {
        // seconds since the kernel began, then idle seconds
        var text = File.ReadAllText("/proc/uptime").Split(' ')[0];
        return (long)(double.Parse(text, CultureInfo.InvariantCulture) * 1000);
    }
}
