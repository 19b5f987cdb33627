using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Control;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Node.Updating;

namespace StatelessSwarm.Cli.Nodes;

/// <summary><c>stateless gc</c>, <c>stateless pin</c> and <c>stateless unpin</c></summary>
internal static class CollectCommands
{
    /// <summary>Deletes releases that nothing needs.</summary>
    public static Command CreateCollect(CommandContext context)
    {
        var options = new NodeOptionSet(context, "state", "run", "mount", "no-mount", "upper-size");
        var json = JsonOption.Create();
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be deleted." };
        var command = new ToolCommand(
            "gc",
            "Deletes releases, whole or half fetched, that are neither current, next, previous nor pinned. Every update does so, too.",
            "stateless gc --dry-run"
        );
        options.AddTo(command);
        command.Add(dryRun);
        command.Add(json);
        command.SetAction(
            async (result, cancellation) =>
            {
                var (settings, defaults) = options.Read(result);
                var socket = NodeOptions.ControlSocketIn(settings.RunDirectory(defaults));
                var isDryRun = result.GetValue(dryRun);
                var collected =
                    await ControlClient.TryCollectAsync(socket, isDryRun, context.Time, cancellation)
                    ?? await OfflineNode.CollectAsync(
                        settings.StateDirectory(defaults),
                        settings.MountDirectory(defaults),
                        settings.UpperBytes(),
                        isDryRun,
                        cancellation
                    );
                Write(context, collected, isDryRun, result.GetValue(json));
                return (int)(collected.Releases.Count == 0 ? ExitCode.Nothing : ExitCode.Done);
            }
        );
        return command;
    }

    /// <summary>Keeps a release.</summary>
    public static Command CreatePin(CommandContext context) =>
        CreatePin(context, "pin", "Keeps a release on this machine, whatever the slots name, until `stateless unpin`.", isPinned: true);

    /// <summary>Keeps a release no more.</summary>
    public static Command CreateUnpin(CommandContext context) =>
        CreatePin(context, "unpin", "Keeps a pinned release no longer than the slots name it.", isPinned: false);

    private static ToolCommand CreatePin(CommandContext context, string name, string description, bool isPinned)
    {
        var options = new NodeOptionSet(context, "state");
        var release = new Argument<string>("release") { Description = "Version or digest of a release on this machine; of a digest the first 8 letters do.", HelpName = "RELEASE" };
        var command = new ToolCommand(name, description, $"stateless {name} 1.0");
        command.Add(release);
        options.AddTo(command);
        command.SetAction(result =>
        {
            var (settings, defaults) = options.Read(result);
            var (pinned, isChanged) = OfflineNode.Pin(settings.StateDirectory(defaults), result.GetRequiredValue(release), isPinned);
            var state = (isPinned ? "is pinned" : "is not pinned") + (isChanged ? "" : " already");
            context.Terminal.Out.WriteLine($"release {pinned.Version} build {pinned.Build} {pinned.Digest} {state}");
            return (int)(isChanged ? ExitCode.Done : ExitCode.Nothing);
        });
        return command;
    }

    private static void Write(CommandContext context, CollectResult collected, bool isDryRun, bool asJson)
    {
        if (asJson)
        {
            JsonOption.Write(
                context.Terminal.Out,
                json =>
                {
                    json.WriteBoolean("dry_run", isDryRun);
                    json.WriteNumber("bytes", collected.Bytes);
                    json.WriteStartArray("releases");
                    foreach (var release in collected.Releases)
                    {
                        json.WriteStartObject();
                        json.WriteString("digest", release.Digest.ToString());
                        json.WriteBoolean("complete", !release.IsStaged);
                        json.WriteNumber("bytes", release.Bytes);
                        json.WriteEndObject();
                    }
                    json.WriteEndArray();
                }
            );
            return;
        }
        foreach (var release in collected.Releases)
            context.Terminal.Out.WriteLine($"{release.Digest}  {ByteCount.Format(release.Bytes), 10}{(release.IsStaged ? "  half fetched" : "")}");
        var words = isDryRun ? "would be freed" : "freed";
        context.Terminal.Out.WriteLine($"{ByteCount.Format(collected.Bytes)} {words}");
    }
}
